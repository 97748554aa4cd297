"""What deserves attention now."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Case, Count, Exists, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from accounts import permissions
from accounts.models import Person
from initiatives.models import Initiative
from notifications.rules import RULES
from notifications.rules.finding import Severity
from notifications.rules.words import in_times

if TYPE_CHECKING:
    from notifications.models.snoozes import Snooze

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

    def awake(self, today: date) -> FlagQuerySet:
        """Leave out what is snoozed on this day."""
        return self.exclude(snoozed(today))


def times_snoozed() -> Coalesce:
    """How often a flag was snoozed, until now."""
    from notifications.models.snoozes import Snooze  # which refers to this module

    rows = Snooze.objects.filter(flag=OuterRef("pk")).order_by().values("flag")
    return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0)


def snoozed(day: date | None = None) -> Exists:
    """Whether a flag is snoozed on this day; without one, whether no sweep has ended that yet."""
    from notifications.models.snoozes import Snooze  # which refers to this module

    rows = Snooze.objects.open() if day is None else Snooze.objects.in_force(day)
    return Exists(rows.filter(flag=OuterRef("pk")))


class Flag(models.Model):
    """Something about an initiative that deserves attention now; opened and closed by the sweep,
    never by hand. `due_date` is the day its reminders count from, `told_in` the message by
    which the portfolio's channel heard of it."""

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
    told_in = models.ForeignKey(
        "notifications.Message", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    may_again = True  # whether the reader of a page may snooze it once more, as that page says

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
    def snooze(self) -> Snooze | None:
        """By which it is quiet, where the query has brought that along as `in_force`."""
        return next(iter(getattr(self, "in_force", ())), None)

    @property
    def times_snoozed(self) -> int:
        """How often it was snoozed, where the query has brought that along as `times`."""
        return int(getattr(self, "times", 0))

    @property
    def snoozed_so_often(self) -> str:
        """`twice`, but for the one time that is shown as its snooze; empty where it never was."""
        is_shown = self.times_snoozed == 1 and self.snooze is not None
        return in_times(self.times_snoozed) if self.times_snoozed and not is_shown else ""

    @property
    def may_wait(self) -> bool:
        """Whether it can be snoozed: what is critical cannot."""
        return self.severity != Severity.CRITICAL

    @property
    def closes_when(self) -> str:
        """What would close it, as a sentence."""
        return RULES[self.rule].closes_when


def subject_of(subject: str, initiative_id: int) -> str:
    """What reminders of a flag are about: the part that was flagged, or the initiative."""
    return subject or f"initiative:{initiative_id}"
