"""What department systems send us, signed."""
