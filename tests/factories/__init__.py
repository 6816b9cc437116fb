"""Builders that tests share: a city in a database, a journal without Temporal, and a running engine with its cases."""
