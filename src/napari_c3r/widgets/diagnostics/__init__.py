"""The dock "C3R Diagnostics": does the role matter, and what else explains the map.

`options.py` makes a frozen job from the session, `controller.py` runs it, the bodies show what was
found, and `dock.py` puts them together. Diagnostics that are registered from outside are shown by
`result_body.py`.
"""
