"""Contest archives become rows, and rows contest archives."""
