"""Pure rules: limits, runs, verdicts, checkers, judging, signatures. Imports the standard library only."""
