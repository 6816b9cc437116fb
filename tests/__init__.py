"""The tests; nothing outside this folder imports them."""
