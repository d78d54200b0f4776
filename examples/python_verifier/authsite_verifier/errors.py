"""Why nobody is let in. The texts are ours: free of quotes and of the token."""

from __future__ import annotations


class BadSetting(ValueError):
    """A setting is missing or wrong; the text begins with its name."""


class AccessError(Exception):
    """Whoever asks is not let in: `status` (HTTP) and `code` say how to answer."""

    status = 401
    code = "not_authenticated"


class NotAuthenticated(AccessError):
    """No bearer token was sent."""

    def __init__(self) -> None:
        super().__init__("Send an access token")


class InvalidToken(AccessError):
    """The token is refused; the text says why."""

    code = "token_not_valid"


class RevokedToken(InvalidToken):
    """A good token whose sign-in was ended, or whose key was taken out."""

    code = "token_revoked"


class InsufficientAuthentication(AccessError):
    """A good token, of too old or too weak a proof (RFC 9470).

    `acr_values` (a level) and `max_age` (seconds) say what would be enough; None is
    what was not demanded.
    """

    code = "insufficient_user_authentication"

    def __init__(self, text: str, acr_values: str | None, max_age: int | None) -> None:
        super().__init__(text)
        self.acr_values, self.max_age = acr_values, max_age


class Unavailable(AccessError):
    """Nobody can be checked just now. Try again in `retry_after` seconds."""

    status = 503
    code = "unavailable"

    def __init__(self, text: str, retry_after: int = 1) -> None:
        super().__init__(text)
        self.retry_after = retry_after
