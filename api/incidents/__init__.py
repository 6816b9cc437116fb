"""What machines could not do."""
