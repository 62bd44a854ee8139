"""The page at `/`: a client of the public API, and nothing that the API does not give."""
