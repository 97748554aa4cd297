"""What is owed to whom, and the mails that carry it."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urljoin

from django.conf import settings
from django.db import models
from django.db.models import Case, CharField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from accounts import permissions
from accounts.models import Person
from initiatives.models import Initiative
from notifications.models.preferences import Preference
from notifications.preferences import (
    ALARMS,
    IS_NAMED,
    KEPT,
    NEWS,
    TO_ACT,
    TOPICS,
    Channel,
    Pace,
    is_named,
)


class Message(models.Model):
    """A mail that carries one or more reminders to a person, and the lease of its sender.

    Whoever holds `token` may send it until `lease_until`. `day` is the organisation's calendar day
    whose one mail this is; an urgent message belongs to none. The weekly digest is one beside it.
    What goes to a person's chat is a copy of a mail, and of its kind; what goes to the portfolio's
    channel is nobody's and carries flags, or is the digest of the week that begins on `day`.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        CHAT = "chat", "Chat"
        PORTFOLIO = "portfolio", "The portfolio's channel"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    recipient = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    copy_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    is_urgent = models.BooleanField()
    is_digest = models.BooleanField(default=False)
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
                condition=Q(channel="email", is_urgent=False, is_digest=False)
                & ~Q(state="cancelled"),
                name="a_person_gets_one_mail_a_day_of_what_can_wait",
            ),
            models.UniqueConstraint(
                fields=["copy_of"],
                condition=Q(channel="chat"),
                name="a_mail_is_copied_to_chat_once",
            ),
            models.UniqueConstraint(
                fields=["day"],
                condition=Q(channel="portfolio", is_digest=True),
                name="the_portfolios_channel_gets_one_digest_a_week",
            ),
            models.CheckConstraint(
                condition=Q(is_urgent=True, day=None) | Q(is_urgent=False, day__isnull=False),
                name="a_message_is_urgent_or_of_a_day",
            ),
            models.CheckConstraint(
                condition=Q(channel="email", recipient__isnull=False, copy_of=None)
                | Q(channel="chat", recipient__isnull=False, copy_of__isnull=False)
                | Q(channel="portfolio", recipient=None, copy_of=None),
                name="a_message_is_a_mail_a_copy_of_one_or_the_portfolios",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="a_sent_message_says_when",
            ),
        )

    def __str__(self) -> str:
        return f"message {self.pk} to {self.recipient_id}: {self.state}"

    @property
    def reader(self) -> Person:
        """To whom it is addressed; what goes to the portfolio's channel has nobody."""
        assert self.recipient is not None
        return self.recipient


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def owed(self) -> ReminderQuerySet:
        """Neither sent nor cancelled."""
        return self.filter(state=Reminder.State.OWED)

    def paced(self) -> ReminderQuerySet:
        """Each with the `pace` that its recipient chose for its topic. Without a choice what cannot
        wait comes at once, what is to be kept once a week and the rest once a day; an alarm comes
        at once in any case, and what names its recipient to act at once or once a day."""
        unchosen = Case(
            When(is_urgent=True, then=Value(Pace.AT_ONCE)),
            When(kind__in=KEPT, then=Value(Pace.WEEKLY)),
            default=Value(Pace.DAILY),
        )
        alarm = When(is_urgent=True, kind__in=ALARMS, then=Value(Pace.AT_ONCE))
        named = When(IS_NAMED & ~Q(chosen__in=TO_ACT), then=unchosen)
        pace = Case(alarm, named, default=Coalesce("chosen", unchosen))
        paced: ReminderQuerySet = self._with_choice(Channel.EMAIL).annotate(pace=pace)
        return paced

    def told_in_chat(self) -> ReminderQuerySet:
        """Those in mails that their recipients want in chat as well: without a choice what is sent
        at once. A receipt is kept where mails are."""
        every = Q(chosen__in=(Pace.DAILY, Pace.WEEKLY))
        at_once = Q(chosen=Pace.AT_ONCE) | Q(chosen=None)
        told: ReminderQuerySet = (
            self._with_choice(Channel.CHAT)
            .exclude(kind__in=KEPT)
            .filter(every | at_once & Q(message__is_urgent=True))
        )
        return told

    def _with_choice(self, channel: Channel) -> ReminderQuerySet:
        """Each with the pace that its recipient has `chosen` for its topic there, if they have."""
        topic = Case(
            *(When(kind__in=topic.kinds, then=Value(key)) for key, topic in TOPICS.items()),
            default=Value(""),
            output_field=CharField(),
        )
        chosen = Preference.objects.filter(
            person=OuterRef("recipient"), topic=OuterRef("topic"), channel=channel
        )
        with_choice: ReminderQuerySet = self.annotate(topic=topic).annotate(
            chosen=Subquery(chosen.values("pace")[:1])
        )
        return with_choice

    def unread(self) -> ReminderQuerySet:
        """What its recipient has not seen, and still is to be seen to."""
        return self.filter(seen_at=None, over_at=None).exclude(state=Reminder.State.CANCELLED)

    def visible_to(self, person: Person) -> ReminderQuerySet:
        """Leave out those about initiatives that this person may not know of (any longer)."""
        if permissions.sees_everything(person):
            return self
        visible = Initiative.objects.visible_to(person).order_by().values("pk")
        return self.filter(Q(initiative=None) | Q(initiative__in=visible))


class Reminder(models.Model):
    """What a person is owed to hear, exactly once per (what, due date, step, person).

    `step` is days relative to `due_date`; of signers, working days since they were asked. `says` is
    what to do, `detail` what is going on, `why` why this person hears it, `path` the page to open.
    What its recipient wants no mails of is kept as muted. `seen_at` is when they said that they
    have read it, `over_at` since when nobody needs to hear it any more: the bell counts neither.
    """

    class State(models.TextChoices):
        OWED = "owed", "Owed"
        SENT = "sent", "Sent"
        CANCELLED = "cancelled", "Cancelled"
        MUTED = "muted", "Not sent, as chosen"

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
    seen_at = models.DateTimeField(null=True, blank=True)
    over_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ReminderQuerySet] = ReminderQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("-is_urgent", "due_date", "pk")
        indexes = (
            models.Index(
                fields=["kind", "initiative"], condition=Q(state="owed"), name="reminder_owed"
            ),
            models.Index(
                fields=["recipient"],
                condition=Q(seen_at=None, over_at=None) & ~Q(state="cancelled"),
                name="reminder_unread",
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
    def is_alarm(self) -> bool:
        """Whether it is sent at once whatever its recipient chose."""
        return self.is_urgent and self.kind in ALARMS

    @property
    def asks(self) -> bool:
        """Whether something is to be done, and not only to be read or kept."""
        return self.kind not in NEWS | KEPT

    @property
    def is_kept(self) -> bool:
        """Whether it is there for the records alone."""
        return self.kind in KEPT

    @property
    def may_be_off(self) -> bool:
        """Whether its recipient may choose to get no mail of it."""
        return not self.is_alarm and not is_named(self.kind, self.step)

    @property
    def url(self) -> str:
        """The page to open, from the configured address and never from a request's Host."""
        return urljoin(f"{settings.BASE_URL}/", self.path.lstrip("/"))
