"""GitHub, also as an Enterprise Server."""
