"""What one person owns, offered to another in one step."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import Person
from initiatives.models.registry import Initiative


class HandOverQuerySet(models.QuerySet["HandOver"]):
    def open(self) -> HandOverQuerySet:
        """Not answered, and not taken back."""
        return self.filter(answered_at=None)


class HandOver(models.Model):
    """What `giver` owns, offered to `receiver`; nothing moves until that one accepts.

    The giver may have left already. An answer is final: who wants more asks again.
    """

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Taken back"

    giver = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    comment = models.TextField(blank=True)

    objects: ClassVar[HandOverQuerySet] = HandOverQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["giver", "receiver"],
                condition=Q(answered_at=None),
                name="a_person_is_asked_once_at_a_time_to_take_over_from_another",
            ),
            models.CheckConstraint(
                condition=~Q(giver=F("receiver")), name="nobody_hands_over_to_themselves"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answer="")
                | Q(answered_at__isnull=False) & ~Q(answer=""),
                name="an_answered_hand_over_says_how",
            ),
        )

    def __str__(self) -> str:
        return f"from {self.giver_id} to {self.receiver_id}"

    def get_absolute_url(self) -> str:
        return reverse("people:take_over", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.answered_at is None


class HandOverItem(models.Model):
    """One thing of those offered, by its kind and number, as `ownership:17`; `moved_at` is when it
    changed hands. A unit belongs to no initiative."""

    hand_over = models.ForeignKey(HandOver, on_delete=models.PROTECT, related_name="items")
    subject = models.CharField(max_length=40)
    initiative = models.ForeignKey(
        Initiative, null=True, on_delete=models.PROTECT, related_name="+"
    )
    moved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["hand_over", "subject"], name="a_hand_over_names_a_thing_once"
            ),
        )

    def __str__(self) -> str:
        return self.subject
