"""The bodies of the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.tokens.claims import MAX_TOKEN_LENGTH


class Text(serializers.CharField):
    """A string; DRF's own field takes numbers for strings too."""

    def to_internal_value(self, data: Any) -> str:
        """The text. Raises ValidationError for anything that is not a string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Address(Text):
    """The address of an account; the sign-in form looks at its spelling."""


class CredentialsSerializer(serializers.Serializer):
    """POST /api/token/. The password is taken exactly as sent."""

    email = Address(max_length=254)
    password = Text(max_length=1024, trim_whitespace=False, write_only=True)


class SecondFactorSerializer(serializers.Serializer):
    """POST /api/token/mfa/: a TOTP or recovery code for a pending sign-in."""

    pending_token = Text(max_length=64, help_text="From the answer `mfa_required`.")
    code = Text(max_length=32, help_text="Spaces within it do not matter.")


class RefreshSerializer(serializers.Serializer):
    """A refresh token."""

    refresh = Text(max_length=MAX_TOKEN_LENGTH)


class VerifySerializer(serializers.Serializer):
    """A token of either kind."""

    token = Text(max_length=MAX_TOKEN_LENGTH)


class PairSerializer(serializers.Serializer):
    """What every successful sign-in and refresh answers."""

    access = serializers.CharField(help_text="A JWT (RFC 9068) for other services too.")
    refresh = serializers.CharField(help_text="For /api/token/refresh/ alone.")
    token_type = serializers.ChoiceField(["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds that `access` lives.")


class MeSerializer(serializers.Serializer):
    """GET /api/me/: what the token says of the person, and how they signed in."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    email_verified = serializers.BooleanField()
    name = serializers.CharField()
    groups = serializers.ListField(
        child=serializers.CharField(),
        help_text="Those that are marked for tokens, by name, as far as they fit.",
    )
    amr = serializers.ListField(
        child=serializers.CharField(), help_text="Methods (RFC 8176), and `fed`."
    )
    acr = serializers.ChoiceField(["aal1", "aal2"])
    auth_time = serializers.IntegerField(help_text="Seconds since the epoch.")


class HelloSerializer(serializers.Serializer):
    """GET /api/protected-route/."""

    message = serializers.CharField()
