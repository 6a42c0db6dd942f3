"""Pictures: montages, composites, overviews, and the colours of categories and values."""
