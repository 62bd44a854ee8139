"""Celery tasks by name."""

FILL_PLACES = "contests.fill_places"
FILL_PLACES_INTERVAL_S = 60.0
TELL_OF_CLOCK = "contests.tell_of_clock"
TELL_OF_CLOCK_INTERVAL_S = 1.0
RANK = "contests.rank"
RANK_INTERVAL_S = 2.0
