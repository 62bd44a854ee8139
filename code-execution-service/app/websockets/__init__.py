"""WebSockets accept, have one service tell, and close with a code that says why."""
