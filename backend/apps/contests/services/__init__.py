"""What is done with contests, a module for each side of them."""
