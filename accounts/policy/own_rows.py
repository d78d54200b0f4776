"""A field for the ids of a person's own rows, as the headless API takes them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import ModelMultipleChoiceField

#: More than anybody has of what is chosen by this.
MOST = 200


class OwnRowsField(ModelMultipleChoiceField):
    """Django's, for ids of any size: its own hands them to the database unchecked.

    A number that no column can hold is an error there (Django looks at the range for
    `pk=` but not for `pk__in=`), and so are more parameters than a statement may have.
    """

    def clean(self, value: Any) -> Any:
        """The rows. Raises ValidationError for an id that is none."""
        if isinstance(value, list):
            if len(value) > MOST:
                raise self._refused("invalid_list")
            for pk in value:
                self._check(pk)
        return super().clean(value)

    def _check(self, pk: Any) -> None:
        rows: Any = self.queryset
        field = rows.model._meta.pk  # noqa: SLF001 - Django's documented API
        try:
            field.run_validators(field.to_python(pk))
        except (ValidationError, OverflowError):
            raise self._refused("invalid_pk_value", pk=str(pk)[:20]) from None

    def _refused(self, code: str, **params: str) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code, params=params)
