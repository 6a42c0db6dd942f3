"""What the docks share: steps, forms, labels, jobs and tables."""
