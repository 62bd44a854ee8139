"""How the installation is doing: figures, alarms, and metrics for Prometheus."""
