"""Gates in the explorer: their list, what makes them, and the way to the one that is opened."""
