"""How it moves: policy versions, reviews, their frozen evidence, signatures and decisions."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import Group, Person
from initiatives.models import Baseline, Initiative, Obligation
from initiatives.stages import REVIEWED, Gate, Stage


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
