"""Clients speak HTTP to the backend."""
