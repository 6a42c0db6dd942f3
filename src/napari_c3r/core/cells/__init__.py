"""Cells: label images read block by block, and one measured row per cell."""
