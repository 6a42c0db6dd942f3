"""The paper's claims, tried at a small scale: `python -m training.paper_claims --help`."""
