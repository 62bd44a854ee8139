"""Command-line entry points of the app."""
