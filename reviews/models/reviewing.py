"""Reviews, their frozen evidence, and the signatures they wait for."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import Group, Person
from initiatives.models import Baseline, Initiative
from initiatives.stages import REVIEWED, Gate
from reviews.models.policies import PolicyVersion


class Snapshot(models.Model):
    """The material evidence of a review as canonical JSON, named by its SHA-256."""

    digest = models.CharField(max_length=64, primary_key=True)
    material = models.TextField()
    taken_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest[:12]


class ReviewQuerySet(models.QuerySet["Review"]):
    def open(self) -> ReviewQuerySet:
        return self.filter(closed_at=None)

    def of_gates(self) -> ReviewQuerySet:
        """Leave out re-baselines and catch-ups: no stage is decided by them."""
        return self.filter(gate__in=Gate.values)


class Review(models.Model):
    """One pass at one gate: frozen evidence, its sign-off slots, its decision.

    `snapshot` is the evidence as it stands now, `requested_snapshot` as it was asked about;
    `observed` is what had been measured and spent then: shown beside it, never compared.
    `seen_version` is the evidence version that `snapshot` was taken at. A re-baseline is the
    review of the `baseline` that somebody proposes.
    """

    class Closing(models.TextChoices):
        DECIDED = "decided", "Decided"
        SENT_BACK = "sent_back", "Sent back"
        WITHDRAWN = "withdrawn", "Withdrawn"
        STOPPED = "stopped", "Stopped with the initiative"

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="+")
    gate = models.CharField(max_length=20, choices=REVIEWED)
    baseline = models.OneToOneField(
        Baseline, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="reviews")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="reviews")
    requested_snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+")
    observed = models.JSONField(default=dict)
    seen_version = models.PositiveIntegerField()
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    due_date = models.DateField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closing = models.CharField(max_length=10, choices=Closing.choices, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ("-opened_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["initiative", "gate"],
                condition=Q(closed_at=None),
                name="one_open_review_per_initiative_and_gate",
            ),
            models.CheckConstraint(
                condition=Q(gate="rebaseline", baseline__isnull=False)
                | ~Q(gate="rebaseline") & Q(baseline=None),
                name="a_rebaseline_names_its_baseline",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_gate_display()} review of {self.initiative}"

    def get_absolute_url(self) -> str:
        return reverse("reviews:detail", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class Slot(models.Model):
    """A signature that a review waits for: of whoever holds a role, or of `quorum` of a group."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="slots")
    key = models.SlugField(max_length=60)
    title = models.CharField(max_length=120)
    role = models.CharField(max_length=80, blank=True)
    group = models.ForeignKey(Group, null=True, on_delete=models.PROTECT, related_name="+")
    quorum = models.PositiveSmallIntegerField(default=1)
    meaning = models.TextField()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=["review", "key"], name="a_slot_is_asked_for_once"),
            models.CheckConstraint(
                condition=Q(role="", group__isnull=False) | ~Q(role="") & Q(group=None),
                name="a_slot_is_of_a_role_or_of_a_group",
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def initiative_id(self) -> int:
        return self.review.initiative_id


class Delegation(models.Model):
    """Somebody who signs a slot in another's place until a day, that day included (product.md §4,
    Absence): handed on by its `holder`, or, without one, appointed by a portfolio lead."""

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="delegations")
    holder = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    until_date = models.DateField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        indexes = (models.Index(fields=["person", "ended_at"], name="delegation_person_ended"),)
        constraints = (
            models.UniqueConstraint(
                fields=["slot", "person"],
                condition=Q(ended_at=None),
                name="a_slot_is_delegated_to_a_person_once",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_delegation_says_why"),
        )

    def __str__(self) -> str:
        return f"{self.slot_id} to {self.person_id} until {self.until_date}"

    @property
    def initiative_id(self) -> int:
        return self.slot.initiative_id


class Question(models.Model):
    """What somebody asks before they sign: about one criterion, or about all of a review.

    `asked_of` is who is to answer; others are mentioned in the words, by `@name`.
    """

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="questions")
    criterion = models.CharField(max_length=80, blank=True)
    text = models.TextField()
    asked_of = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(condition=~Q(text=""), name="a_question_asks"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, answer="")
                | Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer=""),
                name="an_answer_is_somebodys",
            ),
        )

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def initiative_id(self) -> int:
        return self.review.initiative_id

    @property
    def is_open(self) -> bool:
        return self.answered_at is None
