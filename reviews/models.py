"""How it moves: policy versions, reviews, their frozen evidence, signatures and decisions."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import Group, Person
from initiatives.models import Initiative
from initiatives.stages import Gate, Stage


class PolicyVersion(models.Model):
    """One published policy, as TOML; immutable, and pinned by every review opened under it."""

    version = models.PositiveIntegerField(unique=True)
    text = models.TextField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    drafted_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-version",)

    def __str__(self) -> str:
        return f"Policy {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("policy:version", args=[self.version])


class PolicyDraft(models.Model):
    """What may become the next policy: begun from a version, changed by leads, published by a
    second one (product.md §7). Its text may be unfinished; `revision` counts how often it was
    saved, so that nobody publishes or overwrites what they have not read.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        PUBLISHED = "published", "Published"
        DISCARDED = "discarded", "Discarded"

    based_on = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    notes = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    started_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    edited_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    edited_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    published_as = models.OneToOneField(
        PolicyVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="open"), name="one_open_policy_draft"
            ),
            models.CheckConstraint(
                condition=Q(state="published", published_as__isnull=False)
                | (~Q(state="published") & Q(published_as=None)),
                name="a_published_draft_is_a_version",
            ),
        )

    def __str__(self) -> str:
        return f"Draft {self.pk} on policy {self.based_on_id}"


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


class Review(models.Model):
    """One pass at one gate: frozen evidence, its sign-off slots, its decision.

    `snapshot` is the evidence as it stands now, `requested_snapshot` as it was asked about;
    `observed` is what had been measured and spent then: shown beside it, never compared.
    `seen_version` is the evidence version that `snapshot` was taken at.
    """

    class Closing(models.TextChoices):
        DECIDED = "decided", "Decided"
        SENT_BACK = "sent_back", "Sent back"
        WITHDRAWN = "withdrawn", "Withdrawn"
        STOPPED = "stopped", "Stopped with the initiative"

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="+")
    gate = models.CharField(max_length=20, choices=Gate.choices)
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


class SignOff(models.Model):
    """One person's signature in one slot on the evidence named by `snapshot`; never changed,
    never deleted (21 CFR 11.50 and 11.70). It is live while that evidence is the current one."""

    class Verdict(models.TextChoices):
        APPROVE = "approve", "Approved"
        REJECT = "reject", "Rejected"

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="sign_offs")
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="sign_offs")
    signer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    printed_name = models.CharField(max_length=200)
    role = models.CharField(max_length=80, blank=True)
    group = models.CharField(max_length=50, blank=True)
    meaning = models.TextField()
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    comment = models.TextField(blank=True)
    signed_at = models.DateTimeField()
    authentication_method = models.CharField(max_length=40)
    authenticated_at = models.DateTimeField()
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+")
    policy_version = models.PositiveIntegerField()

    class Meta:
        ordering = ("signed_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["review", "slot", "signer", "snapshot"],
                name="a_person_signs_a_slot_once_on_the_same_evidence",
            ),
        )

    def __str__(self) -> str:
        return f"{self.printed_name} {self.verdict} as {self.slot_id}"


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


class UnmetCriterionQuerySet(models.QuerySet["UnmetCriterion"]):
    def open(self) -> UnmetCriterionQuerySet:
        return self.filter(until=None)


class UnmetCriterion(models.Model):
    """A time in which a blocking criterion of a gate ahead held an initiative back; without an end
    while it does (product.md P25). Kept by `actions.judge`, never by hand."""

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="+")
    gate = models.CharField(max_length=20, choices=Gate.choices)
    key = models.CharField(max_length=80)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    objects = UnmetCriterionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["initiative", "gate", "key"],
                condition=Q(until=None),
                name="a_criterion_holds_an_initiative_once_at_a_time",
            ),
        )
        indexes = (
            models.Index(
                fields=["gate", "key"],
                include=["initiative", "since"],
                condition=Q(until=None),
                name="unmet_criterion_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.gate}.{self.key} of {self.initiative_id}"


class Judgement(models.Model):
    """When an initiative was last held against the criteria ahead of it, and under which policy;
    `is_due` once something has happened to it since."""

    initiative = models.OneToOneField(
        Initiative, primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    judged_at = models.DateTimeField()
    policy_version = models.PositiveIntegerField()
    is_due = models.BooleanField(default=False)

    class Meta:
        indexes = (
            models.Index(fields=["initiative"], condition=Q(is_due=True), name="judgement_due"),
        )

    def __str__(self) -> str:
        return f"{self.initiative_id} at {self.judged_at}"


class JudgedUpTo(models.Model):
    """Up to which event `actions.judge` has read: one row, whose lock lets one tick judge at a
    time."""

    ONLY = 1

    id = models.SmallIntegerField(primary_key=True, default=ONLY)
    seq = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="judged_up_to_is_one_row"),)

    def __str__(self) -> str:
        return str(self.seq)
