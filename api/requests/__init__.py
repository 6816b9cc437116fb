"""Intake: what callers say becomes a request and a case."""
