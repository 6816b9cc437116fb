"""The one door for decisions."""
