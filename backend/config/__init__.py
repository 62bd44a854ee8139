"""Composition root of the backend: settings, URLs, process entry points."""
