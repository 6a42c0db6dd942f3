"""What was done to a well: tables of labels and plate maps, read as text."""
