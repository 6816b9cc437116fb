"""From one release to the next: what was written is read, workers of both run side by side, the schema goes up and down."""
