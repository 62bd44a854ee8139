"""Webhooks for other teams: who is told what, and telling them until they have it."""
