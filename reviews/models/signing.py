"""What people signed."""

from __future__ import annotations

from datetime import date

from django.db import models

from accounts.models import Person
from initiatives.models import Initiative, Obligation
from reviews.models.reviewing import Review, Slot, Snapshot


class SignOff(models.Model):
    """One person's signature in one slot on the evidence named by `snapshot`; never changed,
    never deleted (21 CFR 11.50 and 11.70). It is live while that evidence is the current one, and
    none of its conditions is missed.

    `round` counts a person's signatures in a slot on the same evidence: another follows only on
    one whose condition was missed, or on a rejection that was taken back.
    """

    class Verdict(models.TextChoices):
        APPROVE = "approve", "Approved"
        CONDITIONAL = "conditional", "Approved with conditions"
        REJECT = "reject", "Rejected"
        TAKEN_BACK = "taken_back", "Took a rejection back"

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="sign_offs")
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="sign_offs")
    signer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    printed_name = models.CharField(max_length=200)
    on_behalf_of = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=80, blank=True)
    group = models.CharField(max_length=50, blank=True)
    meaning = models.TextField()
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    conditions = models.ManyToManyField(Obligation, related_name="+")
    comment = models.TextField(blank=True)
    round = models.PositiveSmallIntegerField(default=1)
    signed_at = models.DateTimeField()
    authentication_method = models.CharField(max_length=40)
    authenticated_at = models.DateTimeField()
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+")
    policy_version = models.PositiveIntegerField()

    class Meta:
        ordering = ("signed_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["review", "slot", "signer", "snapshot", "round"],
                name="a_person_signs_a_slot_once_on_the_same_evidence",
            ),
        )

    def __str__(self) -> str:
        return f"{self.printed_name} {self.verdict} as {self.slot_id}"

    @property
    def approves(self) -> bool:
        return self.verdict in (self.Verdict.APPROVE, self.Verdict.CONDITIONAL)

    def has_lapsed(self, today: date) -> bool:
        """A condition it was given under was not met by its day (product.md §4, Conditions)."""
        if self.verdict != self.Verdict.CONDITIONAL:
            return False
        return any(condition.is_missed(today) for condition in self.conditions.all())


class Endorsement(models.Model):
    """A new sponsor's signature on the success statement that others had signed before them
    (product.md §4, Absence); never changed, never deleted."""

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="+")
    signer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    printed_name = models.CharField(max_length=200)
    statement = models.TextField()
    meaning = models.TextField()
    signed_at = models.DateTimeField()
    authentication_method = models.CharField(max_length=40)
    authenticated_at = models.DateTimeField()

    class Meta:
        ordering = ("signed_at", "pk")

    def __str__(self) -> str:
        return f"{self.printed_name}: {self.statement}"
