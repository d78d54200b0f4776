"""Tokens in the admin: sign-ins and why they were refused; keys and who knows them."""

from accounts.tokens.admin import families, keys

__all__ = ["families", "keys"]
