"""The tab "Tracks": cells over time, on the map and in the image."""
