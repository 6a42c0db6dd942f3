"""Every speed that the design promises, measured against a named alternative in one run."""
