"""An interactive scatter map, independent of the rest of the plugin.

`model.ScatterModel` is the state, without Qt; `widget.ScatterWidget` shows it.
"""
