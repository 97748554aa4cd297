"""The demo portfolio: ten initiatives of one invented insurer, made through the actions.

The clock is passed in, so that each history is as old as its story says; dates are relative to
today. Nothing is written past an action: what the demo shows is what the product does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts import actions as people
from accounts.authentication import Authentication
from accounts.models import Group, Person, Unit
from initiatives import actions as initiatives
from initiatives.models import Initiative, Metric
from initiatives.stages import Role, Stage
from initiatives.triage import QUESTIONS
from initiatives.units import UnitKind, parse
from notifications import actions as notifications
from portfolio import personas, stories
from portfolio.stories.story import Metrics, Story
from reviews import actions as reviews
from reviews import queries
from reviews.models import Decision, Review, SignOff

GROUPS = {
    personas.LEAD.email: (Group.LEADS, Group.ADMINISTRATORS),
    personas.SECURITY.email: (Group.SECURITY,),
    personas.COMPLIANCE.email: (Group.COMPLIANCE,),
    "mei.tanaka@halden.example": (Group.FINANCE,),
    "ruth.adeyemi@halden.example": (Group.OPERATIONS,),
    "martin.holt@halden.example": (Group.LEADS,),
}
BEGINNING = timedelta(days=420)


@dataclass
class Cast:
    """Who is there to act, by the part of their address before the @."""

    now: datetime
    people: dict[str, Person] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)

    @property
    def lead(self) -> Person:
        return self.people["ingrid.vale"]

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days)


def load() -> None:
    """Make the whole portfolio, then let the sweep look at it once."""
    cast = Cast(now=timezone.now())
    _people(cast)
    for story in stories.ALL:
        _tell(story, cast)
    leaver = cast.people[stories.LEAVER]
    people.deactivate(person=leaver, by=cast.lead, at=cast.ago(3))
    notifications.sweep(at=cast.now)


def _people(cast: Cast) -> None:
    cast.units = {name: Unit.objects.create(name=name) for name in stories.UNITS}
    at = cast.now - BEGINNING
    everybody = [(p.email, p.name, p.title) for p in personas.DEMO_PERSONAS] + [
        (f"{key}@halden.example", name, title) for key, (name, title) in stories.COLLEAGUES.items()
    ]
    for email, name, title in everybody:
        person = people.create_person(
            email=email,
            name=name,
            title=title,
            password=settings.DEMO_PASSWORD or None,
            by=None,
            at=at,
        )
        cast.people[email.partition("@")[0]] = person
    for email, keys in GROUPS.items():
        for key in keys:
            group = Group.objects.get(key=key)
            person = cast.people[email.partition("@")[0]]
            people.join(person=person, group=group, by=None, at=at)
    for person in cast.people.values():
        person._group_keys = None  # looked up before they had joined


def _tell(story: Story, cast: Cast) -> None:
    """Register it, fill in what its story says, and take it as far as it got."""
    initiative = _begin(story, cast)
    at = cast.ago(story.registered_days_ago) + timedelta(hours=1)
    _describe(initiative, story, cast, at)
    if story.charter_answers:
        _answer(initiative, story, cast, at)
    if story.charter_days_ago is not None:
        _pass_charter(initiative, story, cast)
    _measure(initiative, story, cast)
    for days, amount in story.spend:
        initiatives.record_spend(
            initiative=initiative,
            amount=amount,
            spent_on=timezone.localdate(cast.ago(days)),
            by=cast.people[story.owners[Role.BUSINESS_OWNER]],
            at=cast.ago(days),
        )
    if story.review_days_ago is not None:
        _open_review(initiative, story, cast)
    if story.killed_days_ago is not None:
        _kill(initiative, story, cast)


def _begin(story: Story, cast: Cast) -> Initiative:
    at = cast.ago(story.registered_days_ago)
    description: dict[str, Any] = {
        "unit": cast.units[story.unit],
        "vendor": story.vendor,
        "pilot_budget": story.pilot_budget,
        "monthly_cost": story.monthly_cost,
        **story.description,
    }
    if story.declared is None:
        by = cast.people[story.owners.get(Role.BUSINESS_OWNER, "ingrid.vale")]
        return initiatives.register(name=story.name, by=by, at=at, **description)
    return initiatives.declare_as_running(
        name=story.name,
        stage=Stage(story.declared),
        since=cast.ago(story.running_since_days_ago),
        by=cast.lead,
        at=at,
        **description,
    )


def _describe(initiative: Initiative, story: Story, cast: Cast, at: datetime) -> None:
    by = cast.lead
    if story.yes is not None:
        answers = {question: question in story.yes for question in QUESTIONS}
        initiatives.answer_triage(initiative=initiative, answers=answers, by=by, at=at)
    for role, key in story.owners.items():
        person = cast.people[key]
        ownership = initiatives.ask(initiative=initiative, role=role, person=person, by=by, at=at)
        if role not in story.silent:
            initiatives.accept(ownership=ownership, by=person, at=at + timedelta(hours=4))
    for metric in story.metrics:
        stored = _define(initiative, metric, by, at)
        if metric.kill is not None:
            initiatives.add_kill_condition(
                initiative=initiative, values=_condition(stored, metric), by=by, at=at
            )


def _define(initiative: Initiative, metric: Metrics, by: Person, at: datetime) -> Metric:
    bounds = {
        name: parse(getattr(metric, name), UnitKind(metric.unit_kind))
        for name in ("baseline", "threshold", "target")
    }
    values = {
        "name": metric.name,
        "kind": metric.kind,
        "is_primary": metric.is_primary,
        "unit_kind": metric.unit_kind,
        "unit": metric.unit,
        "direction": metric.direction,
        "method": metric.method,
        "source": metric.source,
        **bounds,
    }
    return initiatives.define_metric(initiative=initiative, values=values, by=by, at=at)


def _condition(metric: Metric, told: Metrics) -> dict[str, Any]:
    assert told.kill is not None
    worse = "above" if metric.direction == "lower" else "below"
    return {
        "kind": "metric",
        "metric_id": metric.pk,
        "comparator": worse,
        "threshold": parse(told.kill, UnitKind(told.unit_kind)),
        "by_decision_date": True,
        "in_a_row": told.in_a_row,
    }


def _answer(initiative: Initiative, story: Story, cast: Cast, at: datetime) -> None:
    """Answer the charter's questions; people named in an answer accept."""
    by = cast.lead
    for criterion, values in story.charter_answers.items():
        given = {
            key: cast.people[str(value)] if key in stories.PERSON_FIELDS else value
            for key, value in values.items()
        }
        reviews.answer(initiative=initiative, criterion=criterion, values=given, by=by, at=at)
    for ownership in initiative.ownerships.filter(accepted_at=None, role__contains="."):
        initiatives.accept(ownership=ownership, by=ownership.person, at=at + timedelta(hours=5))


def _request(initiative: Initiative, story: Story, cast: Cast, at: datetime) -> Review:
    initiative.refresh_from_db()
    by = cast.people[story.owners[Role.BUSINESS_OWNER]]
    return reviews.request_review(initiative=initiative, by=by, at=at)


def _sign(review: Review, signers: Sequence[str], cast: Cast, at: datetime) -> None:
    """Let these people sign whatever waits for them."""
    for place, key in enumerate(signers):
        person, moment = cast.people[key], at + timedelta(hours=3 * (place + 1))
        standing = queries.standing(review, timezone.localdate(moment))
        for state in standing.slots_waiting_for(person)[:1]:
            reviews.sign(
                slot=state.slot,
                verdict=SignOff.Verdict.APPROVE,
                digest=standing.digest,
                authentication=Authentication("password", moment),
                by=person,
                at=moment,
            )


def _pass_charter(initiative: Initiative, story: Story, cast: Cast) -> None:
    assert story.charter_days_ago is not None
    decided_at = cast.ago(story.charter_days_ago)
    review = _request(initiative, story, cast, decided_at - timedelta(days=3))
    _sign(review, story.signers, cast, decided_at - timedelta(days=2))
    reviews.decide(
        initiative=initiative,
        kind=Decision.Kind.PROCEED,
        reason=story.charter_reason,
        by=cast.people[story.owners[Role.SPONSOR]],
        at=decided_at,
    )


def _measure(initiative: Initiative, story: Story, cast: Cast) -> None:
    initiative.refresh_from_db()
    for told in story.metrics:
        metric = Metric.objects.get(initiative=initiative, name=told.name)
        for days, value, sample in told.measured:
            at = datetime.combine(cast.ago(days).date(), time(6, 15), tzinfo=cast.now.tzinfo)
            initiatives.record_measurement(
                metric=metric,
                value=Decimal(parse(value, UnitKind(told.unit_kind))),
                measured_at=at,
                sample_size=sample,
                is_automatic=told.is_automatic,
                by=cast.people[story.owners[Role.BUSINESS_OWNER]],
                at=at,
            )


def _open_review(initiative: Initiative, story: Story, cast: Cast) -> None:
    """Ask for the next gate, let some sign, then let the evidence move under their signatures."""
    assert story.review_days_ago is not None
    at = cast.ago(story.review_days_ago)
    review = _request(initiative, story, cast, at)
    _sign(review, story.signers, cast, at)
    if story.moved_threshold is None:
        return
    metric = Metric.objects.get(initiative=initiative, is_primary=True)
    initiatives.define_metric(
        initiative=initiative,
        metric=metric,
        values={
            "direction": metric.direction,
            "baseline": metric.baseline,
            "target": metric.target,
            "threshold": parse(story.moved_threshold, UnitKind(metric.unit_kind)),
        },
        by=cast.people[story.owners[Role.BUSINESS_OWNER]],
        at=at + timedelta(days=1, hours=2),
    )


def _kill(initiative: Initiative, story: Story, cast: Cast) -> None:
    assert story.killed_days_ago is not None
    initiative.refresh_from_db()
    reviews.decide(
        initiative=initiative,
        kind=Decision.Kind.KILL,
        reason=story.killed_because,
        outcome=Decision.Outcome.USE_CASE_WRONG,
        lesson=story.lesson,
        by=cast.people[story.owners[Role.SPONSOR]],
        at=cast.ago(story.killed_days_ago),
    )
