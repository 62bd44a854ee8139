"""The code execution service: run untrusted programs, judge them, report the verdicts."""
