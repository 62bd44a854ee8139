"""Routes parse, call one service function, and render."""
