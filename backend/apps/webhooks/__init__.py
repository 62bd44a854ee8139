"""The receiver of the execution service's events: verify, remember, apply."""
