"""Who did what to contests, with what was before and after."""
