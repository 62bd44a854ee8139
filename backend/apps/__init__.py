"""The backend's Django apps, lowest first: core, users, contests, code_execution, webhooks."""
