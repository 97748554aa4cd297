"""What was decided, and what was set aside for a while."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from initiatives.models import Initiative, Obligation
from initiatives.stages import Stage
from reviews.models.reviewing import Review, Snapshot


class Decision(models.Model):
    """What was decided: who, when, on which evidence, why."""

    class Kind(models.TextChoices):
        PROCEED = "proceed", "Proceed"
        SHIP = "ship", "Ship"
        EXTEND = "extend", "Extend"
        SEND_BACK = "send_back", "Send back"
        PAUSE = "pause", "Pause"
        KILL = "kill", "Kill"
        RECERTIFY = "recertify", "Recertify"
        DECOMMISSION = "decommission", "Decommission"
        SUSPEND = "suspend", "Suspend"
        RESUME = "resume", "Resume"
        REBASELINE = "rebaseline", "Re-baseline"
        CATCH_UP = "catch_up", "Caught up"

    class Outcome(models.TextChoices):
        WITHDRAWN = "withdrawn", "Withdrawn"
        USE_CASE_WRONG = "use_case_wrong", "The use case was wrong"
        APPROACH_WRONG = "approach_wrong", "The approach was wrong"
        PRIORITIES = "priorities", "Other priorities"
        SUPERSEDED = "superseded", "Superseded"
        DECOMMISSIONED = "decommissioned", "Decommissioned"

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="+")
    review = models.ForeignKey(
        Review, null=True, on_delete=models.PROTECT, related_name="decisions"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    from_stage = models.CharField(max_length=20, choices=Stage.choices)
    to_stage = models.CharField(max_length=20, choices=Stage.choices)
    version = models.PositiveIntegerField()
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)
    lesson = models.TextField(blank=True)
    days = models.PositiveSmallIntegerField(null=True, blank=True)
    snapshot = models.ForeignKey(Snapshot, null=True, on_delete=models.PROTECT, related_name="+")
    observed = models.JSONField(default=dict)
    obligations = models.ManyToManyField(Obligation, related_name="+")

    class Meta:
        ordering = ("-decided_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["initiative", "version"],
                condition=~Q(kind="send_back"),
                name="one_transition_per_version_of_an_initiative",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.initiative_id}"


class OverrideQuerySet(models.QuerySet["Override"]):
    def signed(self) -> OverrideQuerySet:
        """Those that a second person signed."""
        return self.filter(countersigned_at__isnull=False)

    def proposed(self) -> OverrideQuerySet:
        """Those that wait for their second signature."""
        return self.filter(countersigned_at=None, ended_at=None, review__closed_at=None)

    def open(self) -> OverrideQuerySet:
        """Signed by two, and what they set aside is not met yet: of a review that is open, or that
        was decided under them. Also when their day is over."""
        closings = ("", Review.Closing.DECIDED)
        living = self.signed().filter(regularised_at=None, ended_at=None)
        return living.filter(review__closing__in=closings).exclude(
            review__initiative__stage=Stage.RETIRED
        )


class Override(models.Model):
    """Named criteria of a review set aside until the end of `expires_on`, by two people
    (product.md §4).

    Asked for by a lead, in force once a second person has signed it, refused or taken back where
    `ended_at` is said without that. After a decision under it, it stays open until what it set
    aside is met: `regularised_at`. `ended_at` is when it mattered no longer.
    """

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="overrides")
    criteria = models.JSONField()
    reason = models.TextField()
    expires_on = models.DateField()
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    countersigned_by = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="+"
    )
    countersigned_at = models.DateTimeField(null=True, blank=True)
    meaning = models.TextField(blank=True)
    authentication_method = models.CharField(max_length=40, blank=True)
    authenticated_at = models.DateTimeField(null=True, blank=True)
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+")
    regularised_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.TextField(blank=True)

    objects: ClassVar[OverrideQuerySet] = OverrideQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("asked_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["review"],
                condition=Q(countersigned_at=None, ended_at=None),
                name="one_override_of_a_review_waits_for_its_second_signature",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="an_override_says_why"),
            models.CheckConstraint(
                condition=Q(countersigned_by=None) | ~Q(countersigned_by=F("asked_by")),
                name="two_people_sign_an_override",
            ),
            models.CheckConstraint(
                condition=Q(countersigned_at=None, countersigned_by=None)
                | Q(
                    countersigned_at__isnull=False,
                    countersigned_by__isnull=False,
                    authenticated_at__isnull=False,
                ),
                name="a_countersigned_override_says_by_whom",
            ),
        )

    def __str__(self) -> str:
        return f"Override {self.pk} of review {self.review_id}"

    @property
    def initiative_id(self) -> int:
        return self.review.initiative_id

    @property
    def is_proposed(self) -> bool:
        """It waits for its second signature."""
        return self.countersigned_at is None and self.ended_at is None

    @property
    def is_signed(self) -> bool:
        return self.countersigned_at is not None

    def is_in_force(self, today: date) -> bool:
        """Signed by two, neither met nor ended since, and its day is not over."""
        is_open = self.regularised_at is None and self.ended_at is None
        return self.is_signed and is_open and today <= self.expires_on
