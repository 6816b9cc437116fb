"""Health, metrics, audit, troubles, restarts."""
