"""The tab with the rows of the cells."""
