"""Learning names from examples in the explorer, and going through the cells that are not sure."""
