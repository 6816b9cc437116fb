"""Health, metrics, audit, restarts."""
