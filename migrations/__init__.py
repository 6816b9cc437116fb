"""Alembic migrations: one reversible step a file."""
