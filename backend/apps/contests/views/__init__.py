"""Endpoints of contests."""
