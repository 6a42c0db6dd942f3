"""The layers of the viewer: reading them as images and labels, ours, and their link to rows."""
