"""Batches: the cases that one means, and what became of each."""
