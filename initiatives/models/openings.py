"""To whom restricted initiatives are open, beside those who hold a role."""

from __future__ import annotations

from django.db import models

from accounts.models import Group, Person


class OpenToGroup(models.Model):
    """A restricted initiative opened to a group, because its members were asked to sign."""

    initiative = models.ForeignKey("Initiative", on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["initiative", "group"], name="an_initiative_is_open_to_a_group_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.initiative_id} open to {self.group_id}"


class OpenToPerson(models.Model):
    """A restricted initiative opened to somebody who signs it in another's place."""

    initiative = models.ForeignKey("Initiative", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["initiative", "person"], name="an_initiative_is_open_to_a_person_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.initiative_id} open to {self.person_id}"
