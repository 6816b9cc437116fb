"""Processes beside the case: rings, consultations, adjudications, sessions, supervision and what else has a life of its own."""
