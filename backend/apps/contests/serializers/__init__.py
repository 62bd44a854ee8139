"""The JSON forms of contests."""
