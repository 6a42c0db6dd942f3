"""All families of encoders, trained on one crop set with one budget and scored by one table.

``python -m training.compare --data CROPS --held-out OTHERS --out DIR`` trains every entry of
`training.compare.entries` over some seeds, scores it and its own untrained state, measures what a
cell costs with 1 to 16 channels, and writes ``results.csv``, ``cost.csv`` and ``comparison.md``.
The same command goes on where it was stopped.
"""
