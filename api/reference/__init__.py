"""Units, catalogue, policies, calendars."""
