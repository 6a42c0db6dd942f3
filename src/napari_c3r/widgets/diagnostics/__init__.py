"""The dock "C3R Diagnostics": does the role matter, and what else explains the map.

`question.py` takes a frozen job from the session, `asking.py` runs it, the bodies show what was
found, and `dock.py` puts them together.
"""
