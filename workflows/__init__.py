"""Temporal workflows: ``durable.py`` carries any process, one file a process type shows what may happen to it."""
