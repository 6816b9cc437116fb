"""Effects: what workflows have done outside. ``journal.py`` is the one that decides."""
