"""Wire shapes of the doors; nothing below the routes knows them."""
