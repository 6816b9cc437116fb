"""The console: pages for people, rendered on the server. They read and decide through the same functions as the API."""
