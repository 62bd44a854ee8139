"""Whole contests in and out, in the form that contest systems exchange."""
