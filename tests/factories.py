"""What tests are made of: people, initiatives, reviews, all made through the actions.

No randomness, and time is passed in; where a test does not care, it is `LONG_AGO`, a while before
`NOON`, and people are there since `HIRED`. What `make_…` returns is fresh from the database.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts import actions as people
from accounts.authentication import Authentication
from accounts.models import Group, Person, Unit
from initiatives import actions
from initiatives.importing.mapping import guess
from initiatives.importing.parsing import Parsed, parse
from initiatives.importing.reading import read
from initiatives.models import (
    EvaluationRun,
    EvaluationSet,
    Initiative,
    KillCondition,
    Measurement,
    Metric,
    OpenQuestion,
    Ownership,
    Triage,
)
from initiatives.stages import Role, Stage
from initiatives.triage import QUESTIONS
from initiatives.units import Direction, UnitKind
from reviews import actions as reviews
from reviews import queries
from reviews.models import Decision, Review, SignOff

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = NOON.date()
LONG_AGO = NOON - timedelta(days=90)
LATELY = NOON - timedelta(days=30)  # a proposal of that day is to be decided today
HIRED = NOON - timedelta(days=400)  # nobody accepts anything before they are here
# Above the light level's cap, and below what finance has to sign.
STANDARD_BUDGET = 60_000

DESCRIPTION: dict[str, Any] = {
    "problem": "Handlers sort 640 letters a day by hand; a claim waits four hours.",
    "users": "38 claims handlers in two offices.",
    "outcome": "A claim reaches the right handler within the hour.",
    "process": "Intake of household claims: the step that assigns documents.",
}
# What the default policy's charter gate asks at standard level; people are added by their role.
CHARTER_ANSWERS: dict[str, dict[str, Any]] = {
    "data_audit": {
        "sources": [
            {
                "source": "Letters in the claims archive; read access in a day.",
                "owner": "Maria Keller",
                "quality": "200 letters were read by hand: 6 % unreadable scans.",
                "privacy": "Letters must not leave the organisation.",
            }
        ],
    },
    "integration_scope": {
        "workflow": "In the intake queue, where handlers already work.",
        "data_contract": "In: document. Out: queue and confidence.",
        "environment": "The acceptance system, with last month's letters.",
    },
    "production_sketch": {
        "infrastructure": "Platform operations; told in May.",
        "run_cost": 6_500,
        "payer": "Claims, cost centre 4100",
    },
    "approach_decision": {
        "tried": [
            {
                "day": "2025-11-03",
                "approach": "Rules on sender and form number.",
                "kind": "Without AI",
                "result": "41 % sorted.",
            }
        ],
        "gap": "Free letters carry no form number.",
    },
    "pilot_conditions": {
        "conditions": [
            {
                "in_pilot": "Twelve volunteers, household claims only.",
                "closes": "Training for all 38, motor claims in the second month.",
            }
        ],
    },
    "stakeholders": {},
}


# --- people -----------------------------------------------------------------------------------


def make_person(
    *,
    name: str = "Ada Berg",
    groups: Iterable[str] = (),
    password: str | None = None,
    at: datetime = HIRED,
    **more: Any,
) -> Person:
    """Somebody at `ada.berg@example.com`; without a password, which is fast, an invited one."""
    email = more.pop("email", f"{name.lower().replace(' ', '.')}@example.com")
    made = people.create_person(email=email, name=name, password=password, by=None, at=at, **more)
    for key in groups:
        people.join(person=made, group=Group.objects.get(key=key), by=None, at=at)
    return fresh(made)


def make_group_member(
    *, group: str, name: str = "Gus Gold", at: datetime = HIRED, **more: Any
) -> Person:
    return make_person(name=name, groups=[group], at=at, **more)


def make_lead(*, name: str = "Lea Lund", at: datetime = HIRED, **more: Any) -> Person:
    return make_group_member(group=Group.LEADS, name=name, at=at, **more)


def make_auditor(*, name: str = "Aud Itori", at: datetime = HIRED) -> Person:
    return make_group_member(group=Group.AUDITORS, name=name, at=at)


def make_administrator(*, name: str = "Adam Ins", at: datetime = HIRED) -> Person:
    return make_group_member(group=Group.ADMINISTRATORS, name=name, at=at)


def make_unit(*, name: str = "Claims", parent: Unit | None = None) -> Unit:
    return Unit.objects.create(name=name, parent=parent)


def fresh(person: Person) -> Person:
    """The person as a request would load them: nothing cached, groups included."""
    return Person.objects.get(pk=person.pk)


def authentication(*, at: datetime = NOON, method: str = "password") -> Authentication:
    """Proof of identity given at this moment."""
    return Authentication(method, at)


@dataclass(frozen=True)
class Cast:
    """One person for each part in a charter; nobody plays two."""

    sponsor: Person
    business_owner: Person
    engineering_owner: Person
    budget_owner: Person
    production_owner: Person
    user: Person
    compliance: Person
    lead: Person

    @property
    def owners(self) -> dict[Role, Person]:
        """Those whom the charter gate wants to have accepted."""
        return {
            Role.SPONSOR: self.sponsor,
            Role.BUSINESS_OWNER: self.business_owner,
            Role.ENGINEERING_OWNER: self.engineering_owner,
            Role.BUDGET_OWNER: self.budget_owner,
        }

    @property
    def signers(self) -> tuple[Person, ...]:
        """Those who sign a charter at standard level."""
        return (self.sponsor, self.business_owner, self.engineering_owner, self.compliance)


def make_cast(*, at: datetime = HIRED) -> Cast:
    return Cast(
        sponsor=make_person(name="Sam Sponsor", at=at),
        business_owner=make_person(name="Bea Business", at=at),
        engineering_owner=make_person(name="Eli Engineer", at=at),
        budget_owner=make_person(name="Bo Budget", at=at),
        production_owner=make_person(name="Pia Production", at=at),
        user=make_person(name="Uma User", at=at),
        compliance=make_group_member(group=Group.COMPLIANCE, name="Cleo Compliance", at=at),
        lead=make_lead(at=at),
    )


# --- initiatives ------------------------------------------------------------------------------


def make_initiative(
    *,
    by: Person,
    name: str = "Claims triage",
    at: datetime = LONG_AGO,
    complete: bool = True,
    **description: Any,
) -> Initiative:
    """A proposal; `complete=False` registers the name alone."""
    words = DESCRIPTION if complete else {}
    made = actions.register(name=name, by=by, at=at, **(words | description))
    return reloaded(made)


def make_declared(
    *,
    by: Person,
    stage: str = Stage.PRODUCTION,
    name: str = "Fraud radar",
    at: datetime = LONG_AGO,
    since: datetime | None = None,
    **description: Any,
) -> Initiative:
    """One that a lead declared as running where it is."""
    made = actions.declare_as_running(
        name=name, stage=Stage(stage), by=by, at=at, since=since, **description
    )
    return reloaded(made)


def reloaded(initiative: Initiative) -> Initiative:
    return Initiative.objects.get(pk=initiative.pk)


def restrict(*, initiative: Initiative) -> None:
    """There is no action for it yet."""
    Initiative.objects.filter(pk=initiative.pk).update(is_restricted=True)


def silence(*, initiative: Initiative) -> None:
    """Leave it as an import leaves it, until the campaign."""
    Initiative.objects.filter(pk=initiative.pk).update(counting_since=None, decision_date=None)


def make_owner(
    *,
    initiative: Initiative,
    role: str,
    person: Person,
    by: Person | None = None,
    at: datetime = LONG_AGO,
    hours_a_month: int | None = None,
) -> Ownership:
    """Somebody who was asked into the role and accepted."""
    asked = actions.ask(initiative=initiative, role=role, person=person, by=by, at=at)
    return actions.accept(
        ownership=asked, by=person, at=at, hours_a_month=hours_a_month,
        in_objectives=hours_a_month is not None,
    )  # fmt: skip


def make_triage(
    *,
    initiative: Initiative,
    yes: Iterable[str] = (),
    by: Person | None = None,
    at: datetime = LONG_AGO,
) -> Triage:
    """All eight questions answered, these with yes."""
    chosen = set(yes)
    answers = {question: question in chosen for question in QUESTIONS}
    return actions.answer_triage(initiative=initiative, answers=answers, by=by, at=at)


def metric_values(**changes: Any) -> dict[str, Any]:
    """A complete primary metric: from 4 h to 45 min, hoping for 30 min."""
    return {
        "name": "Time until a claim is with its handler",
        "kind": "business",
        "is_primary": True,
        "unit_kind": UnitKind.DURATION,
        "direction": Direction.LOWER,
        "baseline": Decimal(4 * 3600),
        "threshold": Decimal(45 * 60),
        "target": Decimal(30 * 60),
        "method": "Median over all household claims of a week.",
        **changes,
    }


def make_metric(
    *, initiative: Initiative, by: Person | None = None, at: datetime = LONG_AGO, **changes: Any
) -> Metric:
    return actions.define_metric(
        initiative=initiative, values=metric_values(**changes), by=by, at=at
    )


def condition_values(metric: Metric | None, **changes: Any) -> dict[str, Any]:
    """Stop if the metric is above 2 h by the decision date; or, without one, past 10,000."""
    if metric is None:
        return {"kind": "spend", "spend_cap": 10_000, **changes}
    return {
        "kind": "metric",
        "metric_id": metric.pk,
        "comparator": "above",
        "threshold": Decimal(2 * 3600),
        "by_decision_date": True,
        **changes,
    }


def make_kill_condition(
    *,
    initiative: Initiative,
    metric: Metric | None = None,
    by: Person | None = None,
    at: datetime = LONG_AGO,
    **changes: Any,
) -> KillCondition:
    return actions.add_kill_condition(
        initiative=initiative, values=condition_values(metric, **changes), by=by, at=at
    )


def make_measurement(
    *,
    metric: Metric,
    value: Decimal | int,
    at: datetime = NOON,
    measured_at: datetime | None = None,
    by: Person | None = None,
    **more: Any,
) -> Measurement:
    return actions.record_measurement(
        metric=metric,
        value=Decimal(value),
        measured_at=measured_at or at,
        by=by,
        at=at,
        **more,
    )


# --- findings ---------------------------------------------------------------------------------


def make_question(
    *,
    initiative: Initiative,
    question: str = "Do motor claims work as well?",
    by: Person | None = None,
    at: datetime = NOON,
    **values: Any,
) -> OpenQuestion:
    """Something that the pilot did not answer."""
    return actions.raise_question(
        initiative=initiative, values={"question": question, **values}, by=by, at=at
    )


def make_evaluation_set(
    *, metric: Metric, by: Person | None = None, at: datetime = NOON, **changes: Any
) -> EvaluationSet:
    """Cases whose answers are known; their result is counted in this metric."""
    values = {
        "name": "Letters of May",
        "metric": metric,
        "size": 400,
        "verified_by": "two senior handlers",
        "location": "https://example.com/evaluation",
    }
    return actions.describe_evaluation_set(
        initiative=metric.initiative, values=values | changes, by=by, at=at
    )


def make_run(
    *,
    evaluation_set: EvaluationSet,
    value: int = 2_400,
    by: Person | None = None,
    at: datetime = NOON,
    **more: Any,
) -> EvaluationRun:
    """A version of the system, evaluated that day."""
    wanted = {"ran_on": timezone.localdate(at), "version": "1.4", "cases": 400} | more
    return actions.record_run(
        evaluation_set=evaluation_set, value=Decimal(value), by=by, at=at, **wanted
    )


# --- the way through the charter gate ---------------------------------------------------------


def make_ready_for_charter(
    *, cast: Cast, at: datetime = LATELY, name: str = "Claims triage", **description: Any
) -> Initiative:
    """A proposal at standard level that lacks nothing but its signatures, described by its
    business owner; the lead filled in the rest and last changed the evidence."""
    about = {"pilot_budget": STANDARD_BUDGET, "monthly_cost": 5_000} | description
    initiative = make_initiative(by=cast.business_owner, name=name, at=at, **about)
    make_triage(initiative=initiative, by=cast.lead, at=at)
    for role, person in cast.owners.items():
        make_owner(initiative=initiative, role=role, person=person, by=cast.lead, at=at)
    metric = make_metric(initiative=initiative, by=cast.lead, at=at)
    make_kill_condition(initiative=initiative, metric=metric, by=cast.lead, at=at)
    answer_charter(initiative=initiative, cast=cast, at=at)
    return reloaded(initiative)


def answer_charter(*, initiative: Initiative, cast: Cast, at: datetime = LONG_AGO) -> None:
    """Answer all that the charter asks at standard level; who is named in an answer accepts."""
    named: Mapping[str, dict[str, Person]] = {
        "production_sketch": {"owner": cast.production_owner},
        "stakeholders": {"users": cast.user},
    }
    for criterion, values in CHARTER_ANSWERS.items():
        reviews.answer(
            initiative=initiative,
            criterion=criterion,
            values=values | named.get(criterion, {}),
            by=cast.lead,
            at=at,
        )
    waiting = Ownership.objects.open().filter(
        initiative=initiative, accepted_at=None, role__contains="."
    )
    for ownership in waiting.select_related("person"):
        actions.accept(ownership=ownership, by=ownership.person, at=at)


def make_review(*, initiative: Initiative, by: Person, at: datetime) -> Review:
    """An open review of the next gate."""
    return reviews.request_review(initiative=initiative, by=by, at=at)


def sign_waiting(
    *, review: Review, by: Person, at: datetime, verdict: str = SignOff.Verdict.APPROVE,
    comment: str = "",
) -> None:  # fmt: skip
    """Let somebody sign, on the evidence as it stands, whatever waits for them."""
    sign_in_turn(review=review, by=[by], at=at, verdict=verdict, comment=comment)


def sign_in_turn(
    *, review: Review, by: Iterable[Person], at: datetime, verdict: str = SignOff.Verdict.APPROVE,
    comment: str = "",
) -> None:  # fmt: skip
    """Let these people sign, each the first that waits for them and nobody before them signed; the
    evidence stands still meanwhile, so it is read once."""
    standing = queries.standing(review, timezone.localdate(at))
    signed: set[int] = set()
    for person in by:
        waiting = [s.slot for s in standing.slots_waiting_for(person) if s.slot.pk not in signed]
        for slot in waiting[:1]:
            reviews.sign(
                slot=slot,
                verdict=verdict,
                digest=standing.digest,
                authentication=authentication(at=at),
                by=person,
                at=at,
                comment=comment,
            )
            signed.add(slot.pk)


def make_signed_review(*, initiative: Initiative, cast: Cast, at: datetime) -> Review:
    """A charter review that everybody signed within the hour; only the decision is missing."""
    review = make_review(initiative=initiative, by=cast.business_owner, at=at)
    sign_in_turn(review=review, by=cast.signers, at=at + timedelta(minutes=30))
    return Review.objects.get(pk=review.pk)


def make_pilot(
    *, cast: Cast, at: datetime = LONG_AGO, name: str = "Claims triage", **description: Any
) -> Initiative:
    """An initiative whose charter was signed and decided; its pilot starts at `at`."""
    initiative = make_ready_for_charter(
        cast=cast, at=at - timedelta(days=10), name=name, **description
    )
    make_signed_review(initiative=initiative, cast=cast, at=at - timedelta(days=3))
    reviews.decide(
        initiative=initiative,
        kind=Decision.Kind.PROCEED,
        reason="Clear baseline, small scope.",
        by=cast.sponsor,
        at=at,
    )
    return reloaded(initiative)


# --- inventories ------------------------------------------------------------------------------


def csv_of(rows: Iterable[Mapping[str, str]]) -> bytes:
    """An inventory as a file: the headings are the keys, in the order in which they come up."""
    rows = list(rows)
    headings = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, headings, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def make_parsed(
    *, rows: Iterable[Mapping[str, str]], source: str = "inventory", today: date = TODAY
) -> Parsed:
    """An inventory as the import action takes it; read in this process, which is fast."""
    sheet = read(csv_of(rows), "inventory.csv")
    mapping = guess(sheet.headers)
    return parse(sheet, mapping, default_source=source, today=today)
