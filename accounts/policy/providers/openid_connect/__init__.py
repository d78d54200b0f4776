"""Any provider that speaks OpenID Connect."""
