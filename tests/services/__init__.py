"""Real parts for tests: PostgreSQL, Valkey, Chromium, our own server."""
