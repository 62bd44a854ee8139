"""Pure rules: limits, runs, verdicts, checkers, judging, signatures; standard library only."""
