"""Engines run programs under limits; they know no verdicts, no database and no other engine."""
