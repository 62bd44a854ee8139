"""Submissions: taking them, handing them to the execution service, applying what it finds."""
