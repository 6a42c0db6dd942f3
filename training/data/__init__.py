"""The cells that encoders are trained on."""
