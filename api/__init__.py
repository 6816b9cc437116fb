"""The HTTP API: a folder per feature. Read decisions/routes.py for the way of a decision."""
