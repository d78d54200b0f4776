"""Addresses of the admin that lead nowhere answer so, whatever stands in them."""

from __future__ import annotations

import pytest
from django.contrib.contenttypes.models import ContentType

from accounts.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("thing", ["1", "not-a-uuid", "x" * 300])
def test_there_is_no_view_on_site(owner, thing):
    kind = ContentType.objects.get_for_model(User)
    assert owner.get(f"/admin/r/{kind.pk}/{thing}/").status_code == 404
