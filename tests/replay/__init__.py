"""The replay corpus: histories of every shape a case's life can take, recorded from real runs, replayed by every later release.

``make histories`` records them anew for the version in ``pyproject.toml``; those of released versions stay as they are.
"""
