"""Simulated experiments: cell lines, antibodies, treatments and optics drawn at random."""
