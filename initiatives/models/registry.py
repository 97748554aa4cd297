"""The initiative itself: what it is, where it stands, and who may know of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts import permissions as people
from accounts.models import Membership, Person, Unit
from initiatives.models.openings import OpenToGroup, OpenToPerson
from initiatives.models.spells import StageSpell
from initiatives.stages import (
    DAYS_SUSPENDED,
    DECISION_DATE_NAME,
    NEXT_GATE,
    RUNNING,
    UNDECIDED,
    Gate,
    Stage,
)
from initiatives.triage import Level
from initiatives.workdays import add_working_days


class Overtaken(Exception):
    """Somebody else moved the initiative between reading and writing it."""


# What is said of an initiative that is not suspended.
IN_USE: dict[str, Any] = {
    "suspended_at": None,
    "suspended_until": None,
    "suspended_by": None,
    "suspended_because": "",
    "off_confirmed_at": None,
    "off_confirmed_by": None,
}


# Declared to be past gates that it never passed, and not caught up on them (product.md §2).
OWING = Q(declared_stage__in=RUNNING, caught_up_at=None) & ~Q(stage=Stage.RETIRED)


PART = 20_000  # initiatives: all that most organisations have


class InitiativeQuerySet(models.QuerySet["Initiative"]):
    """Every read of initiatives starts at `visible_to`."""

    def visible_to(self, person: Person) -> InitiativeQuerySet:
        """Leave out what this person may not know of (product.md §7, restricted initiatives).

        A deputy sees what those see for whom they sign; whoever is asked to take something over,
        or has to see to something, sees what it is about. The exceptions are asked for once, not
        for each row.
        """
        if people.sees_everything(person):
            return self
        asked_into_a_role = _roles_of(person)
        groups = Membership.objects.filter(person=person, left_at=None).values("group")
        open_to_groups = OpenToGroup.objects.filter(group__in=groups)
        return self.filter(
            Q(is_restricted=False)
            | Q(pk__in=asked_into_a_role.values("initiative"))
            | Q(pk__in=open_to_groups.values("initiative"))
            | Q(pk__in=OpenToPerson.objects.filter(person=person).values("initiative"))
            | Q(pk__in=_offered_to(person).values("initiative"))
            | Q(pk__in=_owed_by(person).values("initiative"))
        )

    def in_parts(self, size: int | None = None) -> Iterator[InitiativeQuerySet]:
        """All of these, `size` (`PART`) at a time: what goes over the whole portfolio part by part
        needs no more memory where there are more. A query for each part finds where it ends; what
        is registered meanwhile falls into the last."""
        rest, size = self, size or PART
        while ends := rest.order_by("pk").values_list("pk", flat=True)[size - 1 : size]:
            last = ends[0]
            yield rest.filter(pk__lte=last)
            rest = rest.filter(pk__gt=last)
        yield rest

    def counting(self) -> InitiativeQuerySet:
        """Leave out imported ones that are still quiet: nothing of theirs is due yet."""
        return self.filter(counting_since__isnull=False)

    def owing(self) -> InitiativeQuerySet:
        """Declared to be past gates that they never passed, counting, and not caught up yet."""
        return self.counting().filter(OWING)

    def quiet(self) -> InitiativeQuerySet:
        """Imported, and nobody was asked yet; what is over by now is left out."""
        return self.filter(counting_since=None).exclude(stage=Stage.RETIRED)

    def suspended(self) -> InitiativeQuerySet:
        """Those that are switched off until somebody resumes or retires them."""
        return self.filter(suspended_at__isnull=False)


class Initiative(models.Model):
    """One use of AI that somebody answers for.

    `version` rises with every transition, `evidence_version` with every change of material
    evidence; `touched_at` is the last act of a person. Money is in whole units of the
    organisation's one currency. What is suspended keeps its stage and its dates; it is to be
    resumed or retired by `suspended_until`, and `off_confirmed_at` is when somebody made sure.
    `lapsed_at` is since when, undecided so long after its date, the leads decide (product.md P5).
    What was declared to be in `declared_stage` owes the gates before it until `caught_up_at`.
    """

    name = models.CharField(max_length=300)
    problem = models.TextField(blank=True)
    users = models.TextField(blank=True)
    outcome = models.TextField(blank=True)
    process = models.TextField("business process and decision point", blank=True)
    scope = models.TextField(blank=True)
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    vendor = models.CharField(max_length=300, blank=True)
    system_name = models.CharField("system", max_length=300, blank=True)

    pilot_days = models.PositiveSmallIntegerField(default=42)
    pilot_budget = models.BigIntegerField(null=True, blank=True)
    monthly_cost = models.BigIntegerField(null=True, blank=True)

    stage = models.CharField(max_length=20, choices=Stage.choices, editable=False)
    stage_entered_at = models.DateTimeField(editable=False)
    decision_date = models.DateField(null=True, blank=True, editable=False)
    extensions = models.PositiveSmallIntegerField(default=0, editable=False)
    pauses = models.PositiveSmallIntegerField(default=0, editable=False)
    paused_until = models.DateField(null=True, editable=False)
    lapsed_at = models.DateTimeField(null=True, editable=False)
    recertified_at = models.DateTimeField(null=True, editable=False)
    suspended_at = models.DateTimeField(null=True, editable=False)
    suspended_until = models.DateField(null=True, editable=False)
    suspended_by = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    suspended_because = models.TextField(blank=True, editable=False)
    off_confirmed_at = models.DateTimeField(null=True, editable=False)
    off_confirmed_by = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    level = models.CharField(max_length=10, choices=Level.choices, default=Level.STANDARD)
    # The sets that gates read: one of cases with answers known to be right, one as messy as daily
    # life; here, so that they come along with the row.
    evaluation_set = models.OneToOneField(
        "EvaluationSet", null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    messy_set = models.OneToOneField(
        "EvaluationSet", null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )

    is_restricted = models.BooleanField(default=False)
    registered_at = models.DateTimeField(editable=False)
    registered_by = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    declared_at = models.DateTimeField(null=True, editable=False)
    declared_stage = models.CharField(
        max_length=20, choices=Stage.choices, blank=True, editable=False
    )
    caught_up_at = models.DateTimeField(null=True, editable=False)
    counting_since = models.DateTimeField(null=True, editable=False)
    touched_at = models.DateTimeField(editable=False)

    version = models.PositiveIntegerField(default=1, editable=False)
    evidence_version = models.PositiveIntegerField(default=1, editable=False)
    evidence_changed_by = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    # What was said when it ended, so that it is found, and read by whoever begins the like.
    ended_because = models.TextField(blank=True, editable=False)
    lesson = models.TextField(blank=True, editable=False)
    search_text = models.TextField(blank=True, editable=False)

    objects: ClassVar[InitiativeQuerySet] = InitiativeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("pk",)
        indexes = (
            # All that is counted by stage and by who may see it: rows with their long texts
            # needn't be read for it.
            models.Index(
                fields=["stage", "decision_date", "counting_since", "declared_at", "id"],
                include=["level", "is_restricted", "declared_stage", "caught_up_at"],
                name="initiative_counted",
            ),
            models.Index(fields=["id"], condition=Q(level=Level.LIGHT), name="initiative_light"),
            models.Index(fields=["unit", "stage"], name="initiative_unit_stage"),
            models.Index(fields=["touched_at"], name="initiative_touched"),
            models.Index(
                fields=["suspended_until"],
                condition=Q(suspended_at__isnull=False),
                name="initiative_suspended",
            ),
            models.Index(
                fields=["lapsed_at"],
                condition=Q(lapsed_at__isnull=False),
                name="initiative_lapsed",
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(stage__in=Stage.values), name="a_stage_is_one_of_the_five"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="an_initiative_has_a_name"),
            models.CheckConstraint(
                condition=Q(pilot_days__gte=1), name="a_pilot_lasts_at_least_a_day"
            ),
            models.CheckConstraint(
                condition=Q(suspended_at=None) | Q(stage__in=RUNNING),
                name="only_what_runs_is_suspended",
            ),
            models.CheckConstraint(
                condition=Q(lapsed_at=None) | Q(stage__in=UNDECIDED, decision_date__isnull=False),
                name="only_what_should_be_decided_lapses",
            ),
            models.CheckConstraint(
                condition=Q(suspended_at=None, suspended_until=None, off_confirmed_at=None)
                | Q(suspended_at__isnull=False, suspended_until__isnull=False)
                & ~Q(suspended_because=""),
                name="what_is_suspended_says_why_and_until_when",
            ),
            models.CheckConstraint(
                condition=Q(off_confirmed_at=None, off_confirmed_by=None)
                | Q(off_confirmed_at__isnull=False, off_confirmed_by__isnull=False),
                name="somebody_confirmed_that_it_is_off",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("initiatives:detail", args=[self.pk])

    @property
    def reference(self) -> str:
        return f"AI-{self.pk:04d}"

    @property
    def next_gate(self) -> Gate | None:
        return NEXT_GATE[self.stage]

    @property
    def decision_date_name(self) -> str:
        return DECISION_DATE_NAME[self.stage]

    @property
    def is_quiet(self) -> bool:
        """Imported, and the campaign that asks its owners has not begun."""
        return self.counting_since is None

    @property
    def was_quiet(self) -> bool:
        """Imported, and counting since the campaign: what is declared counts from the start."""
        since, declared = self.counting_since, self.declared_at
        return since is not None and declared is not None and since > declared

    @property
    def is_declared(self) -> bool:
        """Stands where it was declared to be, without having passed the gates before it."""
        return self.declared_at is not None

    @property
    def owes_gates(self) -> bool:
        """Whether it stands behind gates that it never passed, and has not caught up on them."""
        behind = self.declared_stage in RUNNING and self.caught_up_at is None
        return behind and self.stage != Stage.RETIRED

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None

    @property
    def has_lapsed(self) -> bool:
        """Nobody decided in time: the leads do now."""
        return self.lapsed_at is not None

    def is_overdue(self, today: date) -> bool:
        return self.decision_date is not None and self.decision_date < today

    def days_to_decision(self, today: date) -> timedelta | None:
        return None if self.decision_date is None else self.decision_date - today

    def enter(
        self, stage: Stage, *, at: datetime, decision_date: date | None, is_declared: bool = False
    ) -> StageSpell:
        """Stand in `stage` from `at` on, and return the spell that records it.

        A new row only takes the values; the caller saves it and the spell. An existing one is
        updated where its version is still the one that was read, or `Overtaken` is raised.
        Called by `reviews.actions.decide`, and on creation by register, declare and import.
        """
        spell = StageSpell(
            initiative=self,
            stage=stage,
            entered_at=at,
            decision_date=decision_date,
            is_declared=is_declared,
        )
        if not self._state.adding:
            self._move(stage, at, decision_date)
            spell.save()
        elif is_declared:
            self.declared_stage = stage
        self.stage, self.stage_entered_at, self.decision_date = stage, at, decision_date
        return spell

    def postpone(self, days: int, *, paused_until: date | None = None) -> None:
        """Move the decision date, and count it for life: as a pause where `paused_until` is said,
        else as an extension. Raises `Overtaken` like `enter`."""
        assert self.decision_date is not None
        moved = self.decision_date + timedelta(days=days)
        counter = "extensions" if paused_until is None else "pauses"
        paused = paused_until or self.paused_until
        self._change(decision_date=moved, paused_until=paused, **{counter: F(counter) + 1})
        spell = {"decision_date": moved}
        if paused_until is None:
            spell["extensions"] = F("extensions") + 1  # type: ignore[assignment]
        self.spells.filter(left_at=None).update(**spell)
        self.decision_date = moved

    def agree_on(self, day: date) -> None:
        """Be decided by another day than was proposed, which counts as no extension; raises
        `Overtaken`."""
        self._change(decision_date=day)
        self.spells.filter(left_at=None).update(decision_date=day)
        self.decision_date = day

    def recertify(self, *, at: datetime, decision_date: date) -> None:
        """Stay in production until the next recertification is due; raises `Overtaken`."""
        self._change(recertified_at=at, decision_date=decision_date)
        self.recertified_at, self.decision_date = at, decision_date

    def rebaseline(self, fields: Iterable[str]) -> None:
        """Keep what it has taken over from the charter that comes into force; raises
        `Overtaken`."""
        self._change(**{field: getattr(self, field) for field in fields})

    def catch_up(self, *, at: datetime) -> None:
        """Owe nothing any more of the gates that it never passed; raises `Overtaken`."""
        self._take({"caught_up_at": at})

    def suspend(self, *, because: str, by: Person | None, at: datetime) -> None:
        """Be switched off, to be resumed or retired within five working days; raises `Overtaken`.

        The stage does not move, and nothing that anybody signed is another than before.
        """
        until = add_working_days(timezone.localdate(at), DAYS_SUSPENDED)
        said = {"suspended_by": by, "suspended_because": because}
        self._take({"suspended_at": at, "suspended_until": until, **said})

    def resume(self) -> None:
        """Be in use again; raises `Overtaken`."""
        self._take(IN_USE)

    def _take(self, values: dict[str, Any]) -> None:
        self._write(values)
        for name, value in values.items():
            setattr(self, name, value)

    def _move(self, stage: Stage, at: datetime, decision_date: date | None) -> None:
        """What is retired is not suspended any more: that was the way to end it."""
        ended = IN_USE if stage == Stage.RETIRED else {}
        self._change(stage=stage, stage_entered_at=at, decision_date=decision_date, **ended)
        self.spells.filter(left_at=None).update(left_at=at)

    def _change(self, **values: Any) -> None:
        """Write what is material: the decision date is part of what is signed. What has lapsed
        has another date from now on, or none."""
        moved = {"lapsed_at": None, "evidence_version": F("evidence_version") + 1}
        self._write(values | moved)
        self.lapsed_at = None

    def _write(self, values: dict[str, Any]) -> None:
        """Write these columns where the version is still the one that was read."""
        mine = Initiative.objects.filter(pk=self.pk, version=self.version)
        if mine.update(**values, version=F("version") + 1) != 1:
            raise Overtaken(f"{self.reference} was moved by somebody else in the meantime.")
        self.version += 1


def _roles_of(person: Person) -> models.QuerySet[Any]:
    """Open ownerships of this person, and of those whose deputy they are."""
    from initiatives.models.ownership import Ownership  # which refers to this module

    today = timezone.localdate()
    lasting = Q(deputy_until=None) | Q(deputy_until__gte=today)
    people = Person.objects.filter(Q(pk=person.pk) | Q(deputy=person) & lasting).order_by()
    return Ownership.objects.open().filter(person__in=people.values("pk"))


def _offered_to(person: Person) -> models.QuerySet[Any]:
    """What this person is asked to take over from another, until they have answered."""
    from initiatives.models.handing_over import HandOverItem  # which refers to this module

    offered = HandOverItem.objects.filter(
        hand_over__receiver=person, hand_over__answered_at=None, initiative__isnull=False
    )
    return offered.order_by()


def _owed_by(person: Person) -> models.QuerySet[Any]:
    """What this person has to see to, also once the review in which it was agreed on is closed."""
    from initiatives.models.obligations import Obligation  # which refers to this module

    return Obligation.objects.open().filter(assignee=person).order_by()
