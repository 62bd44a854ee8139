"""Services decide; they take keyword arguments, return values, and know neither HTTP nor SQL."""
