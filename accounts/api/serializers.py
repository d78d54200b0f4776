"""The bodies of the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.tokens import audiences
from accounts.tokens.claims import MAX_AUDIENCE_BYTES, MAX_TOKEN_LENGTH


class Text(serializers.CharField):
    """A string; DRF's own field takes numbers for strings too."""

    def to_internal_value(self, data: Any) -> str:
        """The text. Raises ValidationError for anything that is not a string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Address(Text):
    """The address of an account; the sign-in form looks at its spelling."""


class Audience(Text):
    """Whom the access token is for. Looked at before anything is tried or spent."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            required=False,
            max_length=MAX_AUDIENCE_BYTES,
            trim_whitespace=False,
            help_text="Whom the access token is for: one of the site's JWT_AUDIENCES. "
            "Without it, this API.",
            **more,
        )

    def to_internal_value(self, data: Any) -> str:
        """The audience. Raises ValidationError for one that is not offered."""
        audience = super().to_internal_value(data)
        if audience not in audiences.services():
            detail = "This site issues no tokens for this audience."
            raise serializers.ValidationError(detail, "invalid")
        return audience


class AudienceSerializer(serializers.Serializer):
    """POST /api/token/session/; a part of the other calls that answer tokens."""

    audience = Audience()


class CredentialsSerializer(AudienceSerializer):
    """POST /api/token/. The password is taken exactly as sent."""

    email = Address(max_length=254)
    password = Text(max_length=1024, trim_whitespace=False, write_only=True)


class SecondFactorSerializer(AudienceSerializer):
    """POST /api/token/mfa/: a TOTP or recovery code for a pending sign-in."""

    pending_token = Text(max_length=64, help_text="From the answer `mfa_required`.")
    code = Text(max_length=32, help_text="Spaces within it do not matter.")


class RevokeSerializer(serializers.Serializer):
    """A refresh token."""

    refresh = Text(max_length=MAX_TOKEN_LENGTH)


class RefreshSerializer(AudienceSerializer, RevokeSerializer):
    """POST /api/token/refresh/."""


class VerifySerializer(serializers.Serializer):
    """A token of any kind."""

    token = Text(max_length=MAX_TOKEN_LENGTH)


class PairSerializer(serializers.Serializer):
    """What a browser's session is exchanged for."""

    access = serializers.CharField(
        help_text="A JWT (RFC 9068) for the one audience that was asked for."
    )
    refresh = serializers.CharField(help_text="For /api/token/refresh/ alone.")
    token_type = serializers.ChoiceField(["Bearer"])
    expires_in = serializers.IntegerField(
        help_text="Seconds that `access` and `session_token` live."
    )


class TokensSerializer(PairSerializer):
    """What every successful sign-in and refresh answers."""

    session_token = serializers.CharField(
        help_text="For /_allauth/app/ alone, as `X-Session-Token`. "
        "Never send it to another service."
    )


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
