"""Figures of groups in the explorer: Compare, Plate and Marks, each tied to the cells it shows."""
