"""Who reads which calendar by which token."""

from __future__ import annotations

from hashlib import sha256
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import Person


class CalendarQuerySet(models.QuerySet["Calendar"]):
    def living(self) -> CalendarQuerySet:
        """Not revoked, and of somebody who is active: who leaves takes their feeds along, and
        whoever comes back makes new addresses."""
        active = Q(person__is_active=True, made_at__gte=F("person__active_since"))
        return self.filter(active, revoked_at=None)

    def of_token(self, token: str) -> CalendarQuerySet:
        """Of which only a digest is kept: whoever reads the database cannot read the calendars."""
        return self.filter(digest=digest_of(token))


class Calendar(models.Model):
    """A feed that calendar programs fetch without signing in: whoever has its address reads what
    this person may see. The token in the address is shown once, when it is made."""

    class Kind(models.TextChoices):
        OWN = "own", "My deadlines"
        PORTFOLIO = "portfolio", "Decision dates of the portfolio"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[CalendarQuerySet] = CalendarQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["person", "kind"],
                condition=Q(revoked_at=None),
                name="a_person_has_one_address_of_a_calendar",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.person_id}"


def digest_of(token: str) -> str:
    """What is kept of a token. It is long and random, so that a plain digest cannot be guessed."""
    return sha256(token.encode()).hexdigest()
