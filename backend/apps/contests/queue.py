"""Celery tasks by name."""

FILL_PLACES = "contests.fill_places"
FILL_PLACES_INTERVAL_S = 60.0
