"""Cases as they stand."""
