"""What the policy asks of a group's members."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _


class GroupPolicy(models.Model):
    """One row for each group that asks for more than the site does."""

    group = models.OneToOneField(
        Group, on_delete=models.CASCADE, primary_key=True, related_name="policy"
    )
    second_factor_required = models.BooleanField(
        _("second step required"),
        default=False,
        help_text=_(
            "Members set up a second step at their next sign-in; until then they get "
            "neither pages nor tokens."
        ),
    )

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policy")

    def __str__(self) -> str:
        return str(self.group)
