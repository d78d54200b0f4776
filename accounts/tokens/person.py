"""request.user of a bearer call: a User of whom the token tells id and address.

No statement for what most calls need (pk, email, foreign keys); one for anything more.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.apps.registry import Apps
from django.db import DatabaseError, router
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.tokens.errors import revoked_token

if TYPE_CHECKING:
    from collections.abc import Collection

KNOWN = "_known"
SAVE_ARGUMENTS = ("force_insert", "force_update", "using", "update_fields")


def person_of(claims: dict[str, Any]) -> User:
    """The person an access token speaks of. `claims` are verified ones."""
    return cast("User", SimpleLazyObject(lambda: TokenUser.from_claims(claims)))


class TokenUser(User):
    """A User with deferred fields that reads and writes with care.

    What came from the token may be a few minutes old, so it is never written back; and
    the row decides whether the person may still act, as soon as it is read at all.
    """

    class Meta:
        proxy = True
        app_label = "tokens"
        # A registry of its own: a proxy in the site's would need a migration, and
        # would get a content type and permissions.
        apps = Apps()

    @classmethod
    def from_claims(cls, claims: dict[str, Any]) -> TokenUser:
        """Active: a person who is deactivated has no live token."""
        told = {
            "id": UUID(claims["sub"]),
            "email": claims["email"],
            "is_active": True,
        }
        names = [field.attname for field in cls._meta.concrete_fields]
        names = [name for name in names if name in told]
        database = router.db_for_read(User)
        found = cls.from_db(database, names, [told[name] for name in names])
        found.__dict__[KNOWN] = told
        return found

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Any = None,
        from_queryset: Any = None,
    ) -> None:
        """Read the whole row, also for one deferred field; keep what was changed.

        Raises AuthenticationFailed (401 token_revoked) when the person is gone or
        deactivated.
        """
        kept = {} if fields is None else self._changes(but=fields)
        names = [field.attname for field in self._meta.concrete_fields]
        if fields is None:
            self._prefetched_objects_cache: dict[str, Any] = {}
        wanted = [*names, *(name for name in fields or () if name not in names)]
        try:
            super().refresh_from_db(using, wanted, from_queryset)
        except User.DoesNotExist:
            raise revoked_token() from None
        self._remember(names)
        if not self.is_active:
            raise revoked_token()
        self.__dict__.update(kept)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write what was changed here and nothing else; receivers get a User.

        Raises AuthenticationFailed (401 token_revoked) when the person is gone.
        """
        asked = {**dict(zip(SAVE_ARGUMENTS, args, strict=False)), **kwargs}
        wanted = asked.get("update_fields")
        changed = self._changes()
        if wanted is not None:
            changed = {name: changed[name] for name in changed if name in wanted}
        if not changed:
            return
        before = set(self.__dict__)
        try:
            self._as_user().save(using=asked.get("using"), update_fields=list(changed))
        except DatabaseError as error:
            # Django's own: the driver's errors have subclasses of their own.
            if type(error) is DatabaseError and error.__cause__ is None:
                raise revoked_token() from None
            raise
        # Receivers may have loaded more, which is not a change either.
        self._remember([*changed, *(set(self.__dict__) - before)])

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """As a User, so that every receiver hears of it."""
        return self._as_user().delete(*args, **kwargs)

    def __reduce__(self) -> Any:
        """Pickled and copied as a plain User, with its row."""
        if self.get_deferred_fields():
            self.refresh_from_db(fields=())
        plain = User.__new__(User)
        plain.__dict__ = {
            name: value for name, value in self.__dict__.items() if name != KNOWN
        }
        return plain.__reduce__()

    def _changes(self, but: Collection[str] = ()) -> dict[str, Any]:
        """What the caller set, by field: other than it was loaded, or never loaded."""
        known, now = self.__dict__.get(KNOWN, {}), self.__dict__
        return {
            field.attname: now[field.attname]
            for field in self._meta.concrete_fields
            if field.attname in now
            and not {field.name, field.attname} & set(but)
            and (
                field.attname not in known or known[field.attname] != now[field.attname]
            )
        }

    def _remember(self, names: Collection[str]) -> None:
        known = self.__dict__.setdefault(KNOWN, {})
        for field in self._meta.concrete_fields:
            if field.attname in names:
                known[field.attname] = copy.deepcopy(self.__dict__[field.attname])

    def _as_user(self) -> User:
        """The same state as an instance of User itself: the sender of its signals."""
        user = User.__new__(User)
        user.__dict__ = self.__dict__
        return user
