"""Everything the page of one initiative shows at first view."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse

from accounts import permissions as people
from accounts.models import Person
from initiatives import facts as initiative_facts
from initiatives import permissions, statement, units
from initiatives.facts import Facts
from initiatives.models import KillCondition, Measurement, Metric, Ownership
from initiatives.queries import basis_of
from initiatives.stages import ORDER, REQUIRED_ROLES, Role, Stage
from notifications import queries as notifications
from notifications.models import Flag
from reviews import gates
from reviews import permissions as deciding
from reviews import queries as reviews
from reviews.models import Decision, Review


@dataclass(frozen=True)
class Step:
    """One stage of the stepper."""

    label: str
    state: str  # done, current, ahead or skipped
    note: str


@dataclass(frozen=True)
class Item:
    """A line of the checklist with the link that mends it."""

    title: str
    is_met: bool
    reason: str
    blocking: bool
    url: str
    label: str


@dataclass(frozen=True)
class GateAhead:
    """A gate with everything it asks, and its open review, if one was asked for."""

    key: str
    title: str
    items: list[Item]
    review: Review | None

    @property
    def unmet(self) -> int:
        return sum(item.blocking and not item.is_met for item in self.items)


@dataclass(frozen=True)
class RoleLine:
    """A role with whoever was asked into it."""

    role: str
    label: str
    ownership: Ownership | None
    is_required: bool
    url: str


@dataclass(frozen=True)
class Chart:
    """A metric's measurements with its baseline, threshold and target."""

    id: str
    caption: str
    metric: Metric
    bounds: dict[str, str]
    last: str
    rows: list[dict[str, Any]]
    json: dict[str, Any]


@dataclass(frozen=True)
class Page:
    facts: Facts
    statement: str
    steps: list[Step]
    gates: list[GateAhead]
    roles: list[RoleLine]
    named: list[Ownership]
    charts: list[Chart]
    kill_conditions: tuple[KillCondition, ...]
    flags: list[Flag]
    decisions: list[tuple[str, str]]
    days: int | None
    may_edit: bool
    may_decide: bool
    may_restrict: bool
    may_confirm: bool
    mine: list[Ownership]
    to_confirm: set[int]

    @property
    def is_triaged(self) -> bool:
        """All eight questions are answered, so that there is a class to be confirmed."""
        stored = self.facts.triage
        return stored is not None and basis_of(self.facts.initiative, stored).is_complete

    @property
    def tripped(self) -> list[KillCondition]:
        return [k for k in self.kill_conditions if k.state == KillCondition.State.TRIPPED]


def load(person: Person, pk: int, today: date) -> Page | None:
    """Load one initiative's page for a person, or None where they may not know of it."""
    known = initiative_facts.visible_to(person, pk)
    if known is None:
        return None
    initiative = known.initiative
    may_edit = permissions.may_edit_facts(person, known) and initiative.stage != Stage.RETIRED
    return Page(
        facts=known,
        statement=statement.of(known),
        steps=_steps(known),
        gates=_gates(known, today, may_edit=may_edit),
        roles=_roles(known),
        named=[o for o in known.ownerships if o.role not in Role.values],
        charts=[_chart(metric, known.recent(metric)) for metric in known.metrics],
        kill_conditions=known.kill_conditions,
        flags=notifications.flags_of([pk]).get(pk, []),
        decisions=_decisions(person, known),
        days=_days(known, today),
        may_edit=may_edit,
        may_decide=deciding.may_decide(person, known),
        may_restrict=people.is_lead(person) and initiative.stage != Stage.RETIRED,
        may_confirm=permissions.may_confirm_triage(person) and initiative.stage != Stage.RETIRED,
        mine=[o for o in known.ownerships if o.person_id == person.pk and o.state == "asked"],
        to_confirm=_to_confirm(person, known),
    )


def _gates(known: Facts, today: date, *, may_edit: bool) -> list[GateAhead]:
    pk = known.initiative.pk
    open_ones = Review.objects.open().filter(initiative=pk).select_related("opened_by")
    open_at = {review.gate: review for review in open_ones}
    return [
        GateAhead(
            key=gate,
            title=str(gate.label),
            items=[_item(j, pk, may_edit=may_edit) for j in judged],
            review=open_at.get(gate),
        )
        for gate, judged in reviews.readiness(known, today)
    ]


def _to_confirm(person: Person, known: Facts) -> set[int]:
    """What this person may say again to be theirs: in production, where recertification asks."""
    if known.initiative.stage != Stage.PRODUCTION:
        return set()
    return {o.pk for o in known.ownerships if o.person_id == person.pk and o.counts}


def _days(known: Facts, today: date) -> int | None:
    left = known.initiative.days_to_decision(today)
    return None if left is None or known.initiative.stage == Stage.RETIRED else left.days


def _steps(known: Facts) -> list[Step]:
    """The five stages; those that a declared one never passed are said to be skipped."""
    here = ORDER.index(Stage(known.initiative.stage))
    declared = known.initiative.is_declared
    steps = []
    for place, stage in enumerate(ORDER):
        state = "current" if place == here else "ahead" if place > here else "done"
        skipped = state == "done" and declared
        note = f"since {known.initiative.stage_entered_at:%-d %b %Y}" if place == here else ""
        label = str(stage.label)
        steps.append(Step(label, "skipped" if skipped else state, "declared" if skipped else note))
    return steps


# Which form answers which part of a checklist.
MENDS = {
    "description": ("initiatives:edit", ("description",), "Describe it"),
    "process": ("initiatives:edit", ("process",), "Describe it"),
    "pilot_length": ("initiatives:edit", ("pilot-length",), "Change it"),
    "budget": ("initiatives:edit", ("budget",), "Set it"),
    "triage": ("initiatives:triage", (), "Answer"),
    "kill_condition": ("initiatives:kill_condition", (), "Agree on one"),
    "metric": ("initiatives:define_metric", (), "Define it"),
    "spend": ("initiatives:spend", (), "Record it"),
    "questions": ("initiatives:raise_question", (), "Add a question"),
    "evaluation_set": ("initiatives:describe_evaluation_set", (), "Describe it"),
    "evaluation": ("initiatives:record_run", (), "Record a run"),
    "messy": ("initiatives:record_messy_run", (), "Record a run"),
    "watch": ("initiatives:watch_metric", (), "Name who is paged"),
}


def _item(judged: gates.Judged, pk: int, *, may_edit: bool) -> Item:
    url, label = _mend(judged, pk) if may_edit else ("", "")
    if judged.is_met and judged.mend != "answer":
        url, label = "", ""
    elif judged.is_met:
        label = "Change" if label else ""
    criterion = judged.criterion
    return Item(
        criterion.title, judged.is_met, judged.verdict.reason, criterion.blocking, url, label
    )


def _mend(judged: gates.Judged, pk: int) -> tuple[str, str]:
    if judged.mend == "answer":
        return reverse("reviews:answer", args=[pk, judged.criterion.key]), "Answer"
    if judged.mend == "owners":
        return "#owners", "Ask somebody"
    if judged.mend == "measure":
        return "#metrics", "Measure it"
    if judged.mend not in MENDS:
        return "", ""
    name, args, label = MENDS[judged.mend]
    return reverse(name, args=[pk, *args]), label


def _roles(known: Facts) -> list[RoleLine]:
    required = REQUIRED_ROLES[known.initiative.stage]
    return [
        RoleLine(
            role=role,
            label=str(role.label),
            ownership=known.owner(role),
            is_required=role in required,
            url=reverse("initiatives:ask", args=[known.initiative.pk, role.replace("_", "-")]),
        )
        for role in Role
    ]


def _chart(metric: Metric, measurements: list[Measurement]) -> Chart:
    values = [m.value for m in measurements] + [
        v for v in _bounds(metric).values() if v is not None
    ]
    size, unit = units.scale(
        units.UnitKind(metric.unit_kind), metric.unit, max(values, default=Decimal(0))
    )
    better = metric.get_direction_display().lower()
    return Chart(
        id=f"metric-{metric.pk}",
        caption=f"{metric.name[:1].upper()}{metric.name[1:]}: {better}.",
        metric=metric,
        bounds={name: metric.words(value) for name, value in _bounds(metric).items()},
        last=metric.words(measurements[0].value) if measurements else "–",
        rows=[_measured(metric, m) for m in measurements],
        json={
            "label": metric.name,
            "unit": unit,
            "better": metric.direction,
            "points": [
                {
                    "x": m.measured_at.isoformat(),
                    "y": float(m.value / size),
                    "words": metric.words(m.value),
                    "is_automatic": m.is_automatic,
                }
                for m in reversed(measurements)
            ],
            "stages": [],
            **{
                name: None
                if value is None
                else {"value": float(value / size), "words": metric.words(value)}
                for name, value in _bounds(metric).items()
            },
        },
    )


def _measured(metric: Metric, measurement: Measurement) -> dict[str, Any]:
    sample = f"n = {measurement.sample_size:,}, " if measurement.sample_size else ""
    how = "automatic" if measurement.is_automatic else "entered by hand"
    return {
        "when": measurement.measured_at,
        "value": metric.words(measurement.value),
        "note": f"{sample}{how}",
    }


def _bounds(metric: Metric) -> dict[str, Decimal | None]:
    return {name: getattr(metric, name) for name in ("baseline", "threshold", "target")}


def _decisions(person: Person, known: Facts) -> list[tuple[str, str]]:
    """What this person may decide without a review; advancing is decided on the review."""
    here = (
        Decision.Kind.EXTEND, Decision.Kind.PAUSE, Decision.Kind.KILL, Decision.Kind.DECOMMISSION,
    )  # fmt: skip
    return [
        (str(kind.label), reverse("reviews:decide", args=[known.initiative.pk, kind]))
        for kind in reviews.possible_decisions(person, known)
        if kind in here
    ]
