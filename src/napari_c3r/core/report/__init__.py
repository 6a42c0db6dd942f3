"""Reports: sections of words, figures and tables on one page that needs nothing else."""
