"""Ring 3: the docks. Thin: layout, signals and status sentences; the work is in the core."""
