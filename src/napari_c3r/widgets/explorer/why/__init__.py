"""The tab "Why here": which channel and which place hold one cell's vector where it is."""
