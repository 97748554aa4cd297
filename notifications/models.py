"""Who hears: what deserves attention, what is owed to whom, and the mails that carry it."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urljoin

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When

from accounts import permissions
from accounts.models import Person
from initiatives.models import Initiative
from notifications.rules import RULES
from notifications.rules.finding import Severity

WORST_FIRST = Case(
    *(When(severity=severity, then=Value(rank)) for rank, severity in enumerate(Severity)),
    output_field=models.SmallIntegerField(),
)


class FlagQuerySet(models.QuerySet["Flag"]):
    def open(self) -> FlagQuerySet:
        return self.filter(closed_at=None)

    def visible_to(self, person: Person) -> FlagQuerySet:
        """Leave out flags of initiatives that this person may not know of."""
        if permissions.sees_everything(person):
            return self
        return self.filter(initiative__in=Initiative.objects.visible_to(person))

    def worst_first(self) -> FlagQuerySet:
        return self.order_by(WORST_FIRST, "since", "pk")


class Flag(models.Model):
    """Something about an initiative that deserves attention now; opened and closed by the sweep,
    never by hand. `due_date` is the day its reminders count from."""

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=40)
    subject = models.CharField(max_length=80, blank=True)
    due_date = models.DateField()
    severity = models.CharField(max_length=10, choices=Severity.choices)
    says = models.TextField()
    acts = models.CharField("who has to act", max_length=200)
    since = models.DateTimeField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[FlagQuerySet] = FlagQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("pk",)
        indexes = (
            models.Index(
                fields=["rule", "severity"], condition=Q(closed_at=None), name="flag_open_by_rule"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["initiative", "rule", "subject"],
                condition=Q(closed_at=None),
                name="a_rule_flags_a_subject_once_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.rule} of {self.initiative_id}"

    @property
    def title(self) -> str:
        return RULES[self.rule].title

    @property
    def closes_when(self) -> str:
        """What would close it, as a sentence."""
        return RULES[self.rule].closes_when


class Message(models.Model):
    """A mail that carries one or more reminders to a person, and the lease of its sender.

    Whoever holds `token` may send it until `lease_until`. `day` is the organisation's calendar day
    whose one mail this is; an urgent message belongs to none.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    recipient = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    is_urgent = models.BooleanField()
    day = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    subject = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("pk",)
        indexes = (
            models.Index(
                fields=["next_attempt_at"], condition=Q(state="queued"), name="message_queued"
            ),
            models.Index(fields=["token"], condition=Q(state="queued"), name="message_claimed"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["recipient", "day"],
                condition=Q(is_urgent=False) & ~Q(state="cancelled"),
                name="a_person_gets_one_mail_a_day_of_what_can_wait",
            ),
            models.CheckConstraint(
                condition=Q(is_urgent=True, day=None) | Q(is_urgent=False, day__isnull=False),
                name="a_message_is_urgent_or_of_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="a_sent_message_says_when",
            ),
        )

    def __str__(self) -> str:
        return f"message {self.pk} to {self.recipient_id}: {self.state}"


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def owed(self) -> ReminderQuerySet:
        """Neither sent nor cancelled."""
        return self.filter(state=Reminder.State.OWED)


class Reminder(models.Model):
    """What a person is owed to hear, exactly once per (what, due date, step, person).

    `step` is days relative to `due_date`. `says` is what to do, `detail` what is going on, `why`
    why this person hears it, `path` the page to open.
    """

    class State(models.TextChoices):
        OWED = "owed", "Owed"
        SENT = "sent", "Sent"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    initiative = models.ForeignKey(
        Initiative, null=True, on_delete=models.PROTECT, related_name="+"
    )
    due_date = models.DateField()
    step = models.SmallIntegerField()
    recipient = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    says = models.TextField()
    detail = models.TextField(blank=True)
    why = models.TextField(blank=True)
    path = models.CharField(max_length=200)
    is_urgent = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OWED)
    planned_at = models.DateTimeField()
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.PROTECT, related_name="reminders"
    )

    objects: ClassVar[ReminderQuerySet] = ReminderQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("-is_urgent", "due_date", "pk")
        indexes = (
            models.Index(
                fields=["kind", "initiative"], condition=Q(state="owed"), name="reminder_owed"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["kind", "subject", "due_date", "step", "recipient"],
                name="a_person_is_reminded_once_of_a_step",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(message__isnull=False),
                name="a_sent_reminder_names_its_message",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.step:+d} to {self.recipient_id}: {self.state}"

    @property
    def url(self) -> str:
        """The page to open, from the configured address and never from a request's Host."""
        return urljoin(f"{settings.BASE_URL}/", self.path.lstrip("/"))


class Cursor(models.Model):
    """Up to which event a reader of the log has heard; its lock lets one at a time read or
    compose."""

    name = models.CharField(max_length=40, unique=True)
    seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.seq}"


class Sweep(models.Model):
    """One run over the whole portfolio: for which moment, when it really ended, how long each rule
    took. Kept for seven days."""

    at = models.DateTimeField()
    finished_at = models.DateTimeField(db_index=True)
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    seconds = models.JSONField(default=dict)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"sweep at {self.at:%Y-%m-%d %H:%M}"
