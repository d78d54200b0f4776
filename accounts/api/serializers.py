"""The bodies of the API."""

from __future__ import annotations

from rest_framework import serializers

from accounts.tokens.claims import MAX_TOKEN_LENGTH


class CredentialsSerializer(serializers.Serializer):
    """POST /api/token/. The password is taken exactly as sent."""

    email = serializers.CharField(max_length=254)
    password = serializers.CharField(
        max_length=1024, trim_whitespace=False, write_only=True
    )


class SecondFactorSerializer(serializers.Serializer):
    """POST /api/token/mfa/: a TOTP or recovery code for a pending sign-in."""

    pending_token = serializers.CharField(max_length=64)
    code = serializers.CharField(max_length=32)


class RefreshSerializer(serializers.Serializer):
    """POST /api/token/refresh/."""

    refresh = serializers.CharField(max_length=MAX_TOKEN_LENGTH)


class VerifySerializer(serializers.Serializer):
    """POST /api/token/verify/."""

    token = serializers.CharField(max_length=MAX_TOKEN_LENGTH)


class PairSerializer(serializers.Serializer):
    """What every successful sign-in and refresh answers."""

    access = serializers.CharField()
    refresh = serializers.CharField()
    token_type = serializers.ChoiceField(["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds that `access` lives.")


class MeSerializer(serializers.Serializer):
    """GET /api/me/: who the token speaks of, and how they signed in."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    email_verified = serializers.BooleanField()
    name = serializers.CharField()
    groups = serializers.ListField(child=serializers.CharField())
    amr = serializers.ListField(
        child=serializers.CharField(), help_text="Methods (RFC 8176), and `fed`."
    )
    acr = serializers.ChoiceField(["aal1", "aal2"])
    auth_time = serializers.IntegerField(help_text="Seconds since the epoch.")


class HelloSerializer(serializers.Serializer):
    """GET /api/protected-route/."""

    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """Every error (RFC 9457), with a stable code."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    # The member's name, which DRF uses for a property of its own.
    errors = serializers.DictField(required=False)  # type: ignore[assignment]


class PendingSerializer(ProblemSerializer):
    """401 mfa_required or email_unverified: how to go on."""

    pending_token = serializers.CharField(required=False)
    factors = serializers.ListField(child=serializers.CharField(), required=False)
