"""request.user of a bearer call: a User of whom the token tells id and address.

No statement for what most calls need (pk, email, foreign keys); one for anything more,
also before its groups or whatever else refers to it are reached through it.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.apps.registry import Apps
from django.db import DatabaseError, router
from django.utils.functional import SimpleLazyObject

from accounts import models
from accounts.tokens.errors import revoked_token

if TYPE_CHECKING:
    from collections.abc import Collection

#: In __dict__: field values as loaded, and the names of those that only the token told.
KNOWN, TOLD = "_known", "_told"
SAVE_ARGUMENTS = ("force_insert", "force_update", "using", "update_fields")


def person_of(claims: dict[str, Any]) -> models.User:
    """The person an access token speaks of. `claims` are verified ones."""
    return cast("models.User", SimpleLazyObject(lambda: User.from_claims(claims)))


@cache
def relations() -> frozenset[str]:
    """The attributes of a User that lead to other tables' rows about them."""
    meta = models.User._meta  # noqa: SLF001 - Django's documented API
    back = {one.get_accessor_name() for one in meta.related_objects}
    return frozenset(filter(None, back)) | {field.name for field in meta.many_to_many}


class User(models.User):
    """A User with deferred fields that reads and writes with care.

    What came from the token may be a few minutes old, so it is never written back; and
    the row decides whether the person may still act, as soon as it is read at all.
    """

    class Meta:
        proxy = True
        # Label and name are those of its base, so that its content type is too. And a
        # registry of its own: a proxy in the site's would need a migration, and would
        # get permissions.
        app_label = "accounts"
        apps = Apps()

    @classmethod
    def from_claims(cls, claims: dict[str, Any]) -> User:
        """Active: a person who is deactivated has no live token."""
        told = {
            "id": UUID(claims["sub"]),
            "email": claims["email"],
            "is_active": True,
        }
        names = [field.attname for field in cls._meta.concrete_fields]
        names = [name for name in names if name in told]
        database = router.db_for_read(models.User)
        found = cls.from_db(database, names, [told[name] for name in names])
        found.__dict__ |= {KNOWN: told, TOLD: told.keys() - {"id"}}
        return found

    def __getattribute__(self, name: str) -> Any:
        """Ask the row before anything is read or changed through it."""
        if name in relations():
            self._load()
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Assigned is changed, even to what the token says: the row may differ."""
        super().__setattr__(name, value)
        if name in self.__dict__.get(TOLD, ()):
            self.__dict__[TOLD].discard(name)
            self.__dict__[KNOWN].pop(name, None)

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
        except models.User.DoesNotExist:
            raise revoked_token() from None
        self._remember(names)
        self.__dict__[TOLD] = set()
        if not self.is_active:
            raise revoked_token()
        for name, value in kept.items():
            self.__dict__[name] = value
            self.__dict__[KNOWN].pop(name)

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

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        """As a User with its row, like everything that writes whole rows."""
        self._load()
        self._as_user().save_base(*args, **kwargs)

    def _prepare_related_fields_for_save(self, *args: Any, **kwargs: Any) -> None:
        """Called by bulk_update() and bulk_create(), before they read the fields."""
        self._load()
        super()._prepare_related_fields_for_save(*args, **kwargs)  # type: ignore[misc] # Django's own, not in its stubs

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Judge and assign what the row holds, not what the token says."""
        self._load()
        super().clean_fields(exclude)

    def clean(self) -> None:
        """As clean_fields()."""
        self._load()
        super().clean()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """As a User, so that every receiver hears of it."""
        return self._as_user().delete(*args, **kwargs)

    def __reduce__(self) -> Any:
        """Pickled and copied as a plain User, with its row."""
        self._load()
        plain = models.User.__new__(models.User)
        plain.__dict__ = {
            name: value
            for name, value in self.__dict__.items()
            if name not in {KNOWN, TOLD}
        }
        return plain.__reduce__()

    def _load(self) -> None:
        """Read the row unless it was. Raises as refresh_from_db()."""
        if self.__dict__.get(TOLD) or self.get_deferred_fields():
            self.refresh_from_db(fields=())

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

    def _as_user(self) -> models.User:
        """The same state as an instance of its base: the sender of its signals."""
        user = models.User.__new__(models.User)
        user.__dict__ = self.__dict__
        return user
