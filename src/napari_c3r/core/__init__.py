"""Ring 1: arrays in, tables out. Nothing here knows napari or Qt."""
