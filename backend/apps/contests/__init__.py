"""Contests, their participants, and the problems they set."""
