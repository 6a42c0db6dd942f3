"""The bodies of the dock's five steps: controls that say what was asked, and nothing else."""
