"""Executions, and who watches them: in Redis for all replicas, or in the memory of one process."""
