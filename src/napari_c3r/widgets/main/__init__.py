"""The dock "C3R": from image to vectors, in five steps."""
