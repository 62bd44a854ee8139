"""What the addresses under `/api/auth/` do."""
