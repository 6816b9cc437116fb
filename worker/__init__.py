"""The worker hosts workflows and activities, and the relay that brings consequences after any crash."""
