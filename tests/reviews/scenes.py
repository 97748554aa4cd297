"""What reviews need beside the factories: one gate judged, one slot signed, one refusal caught."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.test import Client, TestCase

from accounts.authentication import Authentication
from accounts.models import Person
from audit.models import Event
from audit.refusals import Refused
from initiatives import actions as initiatives
from initiatives import facts
from initiatives.models import Initiative, Metric, Ownership
from initiatives.stages import Gate, Role
from reviews import actions, gates, policy, queries
from reviews.models import Decision, PolicyVersion, Review, SignOff, Slot
from reviews.policy import Criterion
from reviews.signing import SlotState
from tests import factories
from tests.factories import NOON, TODAY, Cast

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
APPROVE, REJECT = SignOff.Verdict.APPROVE, SignOff.Verdict.REJECT


def judged(
    initiative: Initiative, key: str, *, gate: str = Gate.CHARTER, today: date = TODAY
) -> gates.Judged:
    """One criterion of the gate, as it stands."""
    found = gates.evaluate(facts.load_one(initiative.pk), gate, queries.current_policy(), today)
    return next(judged for judged in found if judged.criterion.key == key)


def blocking(initiative: Initiative, gate: str = Gate.CHARTER) -> dict[str, str]:
    """What holds the gate, with the reasons."""
    known = facts.load_one(initiative.pk)
    found = gates.evaluate(known, gate, queries.current_policy(), TODAY)
    return {j.criterion.key: j.verdict.reason for j in found if j.blocks}


def standing(review: Review, at: datetime = NOON) -> queries.Standing:
    """The review as a page would show it now."""
    again = Review.objects.select_related("policy", "snapshot", "initiative").get(pk=review.pk)
    return queries.standing(again, at.date())


def state(review: Review, key: str) -> SlotState:
    return next(state for state in standing(review).slots if state.slot.key == key)


def slot(review: Review, key: str) -> Slot:
    return Slot.objects.select_related("review").get(review=review, key=key)


def sign(
    review: Review,
    key: str,
    by: Person,
    *,
    at: datetime = NOON,
    digest: str | None = None,
    proof: Authentication | None = None,
    verdict: str = APPROVE,
    comment: str = "",
) -> Event:
    """Sign one slot on the evidence as it stands, having just given the password."""
    return actions.sign(
        slot=slot(review, key),
        verdict=verdict,
        digest=standing(review).digest if digest is None else digest,
        authentication=proof or factories.authentication(at=at),
        by=by,
        at=at,
        comment=comment,
    )


def sign_in(client: Client, person: Person, *, proved: timedelta | None = MINUTE) -> None:
    """Sign in as if they had given their password that long ago; None: never in this session."""
    client.force_login(person)
    if proved is not None:
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": "password", "at": time.time() - proved.total_seconds()}
        ]
        session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(person.pk)
        session.save()


def refusal(act: Callable[..., Any], *args: Any, **kwargs: Any) -> Refused:
    """What the action refuses with; it has to."""
    with pytest.raises(Refused) as caught:
        act(*args, **kwargs)
    return caught.value


def last_event(**which: Any) -> Event:
    return Event.objects.filter(**which).latest("seq")


def threshold(initiative: Initiative, seconds: int, by: Person | None, at: datetime = NOON) -> None:
    """Move the primary metric's threshold: material, before a charter freezes it."""
    metric = Metric.objects.get(initiative=initiative, is_primary=True)
    initiatives.define_metric(
        initiative=initiative,
        metric=metric,
        values=factories.metric_values(threshold=Decimal(seconds)),
        by=by,
        at=at,
    )


def give(
    initiative: Initiative,
    role: str,
    person: Person,
    at: datetime = NOON,
    hours: int | None = None,
) -> Ownership:
    """Put somebody into a role, as the operator would, and let them accept."""
    return factories.make_owner(
        initiative=initiative, role=role, person=person, at=at, hours_a_month=hours
    )


# --- beyond the charter -----------------------------------------------------------------------


def publish_policy(change: Callable[[str], str], at: datetime = NOON) -> PolicyVersion:
    """Publish the default policy with a change of its text as the next version."""
    return PolicyVersion.objects.create(
        version=queries.current_version().version + 1,
        text=change(policy.default_text()),
        published_at=at,
    )


def find_out(initiative: Initiative, by: Person, at: datetime) -> None:
    """Record what ship-or-kill and go-live ask beside answers: evaluations, questions, costs."""
    metric = Metric.objects.get(initiative=initiative, is_primary=True)
    factories.make_run(evaluation_set=factories.make_evaluation_set(metric=metric, at=at), at=at)
    messy = factories.make_evaluation_set(metric=metric, is_messy=True, at=at)
    factories.make_run(evaluation_set=messy, at=at)
    question = factories.make_question(initiative=initiative, owner=by, at=at)
    initiatives.close_question(question=question, answer="They do.", by=by, at=at)


def watch(metric: Metric, paged: Person, value: int, at: datetime) -> None:
    """Somebody is paged about a metric, and it has delivered from production."""
    initiatives.watch_metric(metric=metric, paged=paged, by=None, at=at)
    factories.make_measurement(metric=metric, value=value, at=at, from_production=True)


def value_of(field: policy.Field, person: Person) -> Any:
    """A plausible answer to any field."""
    return {
        "text": "As agreed on 4 May.",
        "choice": (field.choices or ("",))[0],
        "yes_no": "yes",
        "number": Decimal("12.5"),
        "money": 4_000,
        "date": TODAY + DAY,
        "person": person,
        "url": "https://example.com/notes",
        "file": "https://example.com/document",
        "table": [{column.key: _cell(column) for column in field.columns}],
    }[field.type]


def _cell(column: policy.Column) -> str:
    if column.type == "choice":
        return column.choices[0]
    return TODAY.isoformat() if column.type == "date" else "As agreed on 4 May."


def answered(gate: str) -> Iterable[Criterion]:
    return [c for c in queries.current_policy().gates[gate].criteria if c.is_answered]


def answer_gate(
    initiative: Initiative,
    gate: str,
    by: Person,
    at: datetime = NOON,
    named: Person | None = None,
) -> None:
    """Answer all that a gate asks of this initiative; whoever answers is named, or somebody else,
    who then has to accept."""
    case = gates.case_of(facts.load_one(initiative.pk))
    for criterion in queries.current_policy().gates[gate].criteria_for(case):
        if criterion.is_answered:
            values = {f.key: value_of(f, named or by) for f in criterion.fields_for(case)}
            actions.answer(
                initiative=initiative, criterion=criterion.key, values=values, by=by, at=at
            )


def playing(cast: Cast, **parts: Person) -> Cast:
    """The same cast with some parts played by others of it."""
    return replace(cast, **parts)


class LaterStages(TestCase):
    """A pilot with guardrails, and everybody who signs later."""

    cast: Cast

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.security = factories.make_group_member(group="security", name="Sia Security")
        cls.operations = factories.make_group_member(group="operations", name="Oz Operations")
        cls.initiative = factories.make_ready_for_charter(
            cast=cls.cast, at=NOON - 60 * DAY, monthly_cost=2_000
        )
        at = NOON - 60 * DAY
        cls.metric = Metric.objects.get(initiative=cls.initiative)
        guard: dict[str, Any] = {
            "name": "Wrong queues", "kind": "quality", "is_primary": False,
            "unit_kind": "percent", "baseline": Decimal(9), "threshold": Decimal(5),
            "target": Decimal(3),
        }  # fmt: skip
        use: dict[str, Any] = {
            "name": "Weekly users", "kind": "adoption", "is_primary": False,
            "unit_kind": "count", "unit": "people", "direction": "higher",
            "baseline": Decimal(0), "threshold": Decimal(20), "target": Decimal(30),
        }  # fmt: skip
        cost: dict[str, Any] = {
            "name": "Cost of a letter", "kind": "cost", "is_primary": False,
            "unit_kind": "money", "baseline": Decimal(3), "threshold": Decimal(2),
            "target": Decimal(1),
        }  # fmt: skip
        cls.guard = factories.make_metric(initiative=cls.initiative, at=at, **guard)
        cls.cost = factories.make_metric(initiative=cls.initiative, at=at, **cost)
        cls.use = factories.make_metric(initiative=cls.initiative, at=at, **use)
        for role in (Role.PRODUCTION_OWNER, Role.ON_CALL, Role.DATA_OWNER):
            give(cls.initiative, role, cls.cast.production_owner, at, hours=12)
        lasting = {"by_decision_date": False, "in_a_row": 3}
        factories.make_kill_condition(
            initiative=cls.initiative, metric=cls.metric, at=at, **lasting
        )
        factories.make_signed_review(initiative=cls.initiative, cast=cls.cast, at=NOON - 50 * DAY)
        actions.decide(
            initiative=cls.initiative, kind="proceed", reason="It is time.",
            by=cls.cast.sponsor, at=NOON - 49 * DAY,
        )  # fmt: skip

    def decide(
        self, kind: str, at: datetime = NOON, by: Person | None = None, **more: Any
    ) -> Decision:
        return actions.decide(
            initiative=self.initiative,
            kind=kind,
            reason="It is time.",
            by=by or self.cast.sponsor,
            at=at,
            **more,
        )

    def now(self) -> Initiative:
        return factories.reloaded(self.initiative)

    def reach_readiness_review(self, at: datetime = NOON - 20 * DAY) -> Decision:
        values = ((self.metric, 2_400), (self.guard, 4), (self.cost, 1), (self.use, 25))
        for metric, value in values:
            factories.make_measurement(metric=metric, value=value, at=at)
        find_out(self.initiative, self.cast.lead, at)
        watch(self.guard, self.cast.production_owner, 4, at)
        initiatives.record_spend(
            initiative=self.initiative, amount=900, spent_on=at.date(), by=self.cast.lead, at=at
        )
        self.answer_and_sign(Gate.SHIP_OR_KILL, at)
        return self.decide("proceed", at)

    def answer_and_sign(self, gate: str, at: datetime) -> Review:
        answer_gate(self.initiative, gate, self.cast.lead, at)
        review = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=at
        )
        signers = (*self.cast.signers, self.cast.production_owner, self.security, self.operations)
        factories.sign_in_turn(review=review, by=signers, at=at)
        assert standing(review, at).lacking() == []
        return review
