"""Google, GitHub and OpenID Connect as allauth has them, with stricter checks."""
