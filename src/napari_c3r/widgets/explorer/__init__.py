"""The dock "C3R Explorer": map, montage and table of the cells, linked to the image."""
