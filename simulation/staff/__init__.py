"""The staff of the sample city: they sign in, look into their inboxes and decide, through the HTTP API only."""
