"""Who answers for an initiative, in which role, and whether they said yes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from initiatives.models.registry import Initiative
from initiatives.stages import REQUIRED_ROLES, Role, Stage


class OwnershipQuerySet(models.QuerySet["Ownership"]):
    def open(self) -> OwnershipQuerySet:
        """Neither ended nor declined."""
        return self.filter(ended_at=None, declined_at=None)

    def counting(self) -> OwnershipQuerySet:
        """Those by which an initiative is owned. Never stored: raw SQL that deactivates a person
        takes effect at once, and reactivating gives nothing back silently (reliability.md)."""
        return self.open().filter(
            accepted_at__isnull=False,
            person__is_active=True,
            accepted_at__gte=F("person__active_since"),
        )

    def required(self) -> OwnershipQuerySet:
        """Those without which their initiative would be unowned in the stage it is in."""
        needed = Q(pk__in=())
        for stage, roles in REQUIRED_ROLES.items():
            needed |= Q(initiative__stage=stage, role__in=roles)
        return self.filter(needed)

    def of_others(self) -> OwnershipQuerySet:
        """Leave out what people asked themselves; a file that names whoever imports it does not."""
        imported = Q(asked_at=F("initiative__declared_at"))
        return self.exclude(Q(asked_by=F("person")) & ~imported)

    def unheld(self) -> OwnershipQuerySet:
        """Open ones by which nobody holds a role: not accepted yet, or not again by whoever came
        back."""
        again = Q(accepted_at__lt=F("person__active_since"))
        return self.open().filter(Q(accepted_at=None) | again)

    def waiting(self) -> OwnershipQuerySet:
        """Open questions to people who are here, quiet initiatives included: what others put to
        them, and what they had accepted before they were away."""
        here = self.unheld().filter(person__is_active=True)
        return here.filter(accepted_at__isnull=False) | here.of_others()

    def unanswered(self) -> OwnershipQuerySet:
        """Questions that wait by now: what is quiet asks nobody yet, and what is retired nobody any
        more."""
        counting = self.waiting().filter(initiative__counting_since__isnull=False)
        return counting.exclude(initiative__stage=Stage.RETIRED)


# What people named in an answer are called, where there is a word for it; by criterion.
NAMED_IN = {
    "production_sketch": "Prospective production owner",
    "stakeholders": "Stakeholder",
}


class Ownership(models.Model):
    """A person in a role on an initiative: asked, then accepted or declined by that person.

    The role is a `Role`, or `<criterion>.<field>` for a person named in an answered criterion.
    `confirmed_at` is when they last said again that it is theirs, as recertification asks. Whoever
    runs it in production has said with how many hours a month, and that it is among their
    objectives (product.md P16).
    """

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="ownerships")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="ownerships")
    role = models.CharField(max_length=80)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    hours_a_month = models.PositiveSmallIntegerField(null=True, blank=True)
    in_objectives = models.BooleanField("among their objectives", default=False)
    comment = models.TextField(blank=True)

    objects: ClassVar[OwnershipQuerySet] = OwnershipQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("pk",)
        indexes = (models.Index(fields=["person", "ended_at"], name="ownership_person_ended"),)
        constraints = (
            models.UniqueConstraint(
                fields=["initiative", "role"],
                condition=Q(ended_at=None, declined_at=None),
                name="one_person_at_a_time_holds_a_role",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(declined_at=None),
                name="an_ownership_is_accepted_or_declined_not_both",
            ),
        )

    def __str__(self) -> str:
        return f"{self.person} as {self.role_name} of {self.initiative_id}"

    @property
    def role_name(self) -> str:
        """The role in words that can be held by somebody; whoever is named in an answer is the
        contact for what its criterion is about."""
        if self.role in Role.values:
            return str(Role(self.role).label)
        criterion = self.role.split(".")[0]
        return NAMED_IN.get(criterion, f"Contact for {criterion.replace('_', ' ')}")

    @property
    def promised(self) -> str:
        """`12 hours a month, among their objectives`, as far as that was said."""
        hours = self.hours_a_month
        count = "" if hours is None else "1 hour" if hours == 1 else f"{hours} hours"
        said = [f"{count} a month"] if count else []
        return ", ".join([*said, "among their objectives"] if self.in_objectives else said)

    @property
    def is_open(self) -> bool:
        return self.ended_at is None and self.declined_at is None

    @property
    def counts(self) -> bool:
        """The predicate of `counting`, for a row at hand."""
        return (
            self.is_open
            and self.accepted_at is not None
            and self.person.is_active
            and self.accepted_at >= self.person.active_since
        )

    @property
    def waits(self) -> bool:
        """Whether it is for its person to accept or decline: asked, or accepted before they were
        away."""
        return self.is_open and self.person.is_active and not self.counts

    @property
    def state(self) -> str:
        """One word for pages: accepted, asked, declined, ended, left (no longer here), or returned
        (and has not accepted again)."""
        if self.ended_at is not None:
            return "ended"
        if self.declined_at is not None:
            return "declined"
        if not self.person.is_active:
            return "left"
        if self.accepted_at is None:
            return "asked"
        return "accepted" if self.counts else "returned"
