"""What people do in a story, each through the action that the application has for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from accounts import actions as accounts
from initiatives import actions as initiatives
from initiatives.models import Metric, OpenQuestion, Ownership
from initiatives.models.charter import MetricKind
from initiatives.stages import Gate, Role
from initiatives.triage import LegalClass, legal_class
from portfolio.stories import papers
from portfolio.stories.people import GROUPS, MORNING
from portfolio.stories.story import Act, Deed, Metrics, Scene, Story
from reviews import actions as reviews
from reviews import belongings

Deeds = tuple[Deed, ...]


# --- the beginning of every story ---------------------------------------------------------------


def beginning(story: Story) -> Iterator[Deed]:
    """What is recorded right after it was registered, and every measurement since."""
    yield Deed(story.registered - 0.1, _describe)
    yield Deed(story.registered - 0.4, _answer_for_roles)
    if story.answers:
        yield Deed(story.registered - 0.5, lambda scene: _answer(scene, scene.story.answers))
    if story.yes is not None and story.is_confirmed:
        yield Deed(max(story.registered - 1.2, 0.2), _confirm_triage)
    for metric in story.metrics:
        for days, value, sample in metric.measured:
            yield Deed(days, _measurement(metric, value, sample), MORNING)


def _describe(scene: Scene) -> None:
    story, by = scene.story, scene.initiative.registered_by
    assert by is not None
    about: dict[str, Any] = {"initiative": scene.initiative, "by": by, "at": scene.at}
    if story.yes is not None:
        initiatives.answer_triage(answers=story.triage, **about)
    for role, key in _at_first(story).items():
        initiatives.ask(role=role, person=scene.cast.people[key], **about)
    for metric in story.metrics:
        stored = initiatives.define_metric(values=_bounds(metric), **about)
        scene.metrics[metric.name] = stored
        if metric.kill is not None:
            values = _condition(stored, metric, metric.kill, metric.in_a_row)
            initiatives.add_kill_condition(values=values, **about)


def _at_first(story: Story) -> dict[str, str]:
    """Who is asked when it is registered; those whom production needs only where it runs there."""
    later = () if story.declared else papers.FOR_PRODUCTION
    named = story.declined | story.owners
    return {role: key for role, key in named.items() if role not in later}


def _bounds(told: Metrics) -> dict[str, Any]:
    same = ("name", "kind", "is_primary", "unit_kind", "unit", "direction", "method", "source")
    limits = ("baseline", "threshold", "target")
    values: dict[str, Any] = {name: getattr(told, name) for name in same}
    return values | {name: told.value(getattr(told, name)) for name in limits}


def _condition(
    metric: Metric,
    told: Metrics,
    limit: str,
    in_a_row: int | None,
    *,
    by_decision_date: bool = True,
) -> dict[str, Any]:
    return {
        "kind": "metric",
        "metric_id": metric.pk,
        "comparator": "above" if metric.direction == "lower" else "below",
        "threshold": told.value(limit),
        "by_decision_date": by_decision_date,
        "in_a_row": in_a_row,
    }


def _answer_for_roles(scene: Scene) -> None:
    """Those who were asked accept or decline; the silent ones stay silent."""
    story = scene.story
    for ownership in _asked(scene):
        if ownership.role in story.declined:
            initiatives.decline(
                ownership=ownership, by=ownership.person, at=scene.at,
                comment="This is not mine: I have not worked with it since the reorganisation.",
            )  # fmt: skip
        elif ownership.role not in story.silent:
            initiatives.accept(
                ownership=ownership,
                by=ownership.person,
                at=scene.at,
                **_promised(ownership),
            )


def _asked(scene: Scene) -> models.QuerySet[Ownership]:
    asked = Ownership.objects.open().filter(initiative=scene.initiative, accepted_at=None)
    return asked.select_related("person", "initiative")


def _promised(ownership: Ownership) -> dict[str, Any]:
    """What whoever runs it says beside yes."""
    if ownership.role != Role.PRODUCTION_OWNER:
        return {}
    return {"hours_a_month": 8 + ownership.pk % 5 * 2, "in_objectives": True}


def _confirm_triage(scene: Scene) -> None:
    """Compliance agrees with what the answers lead to."""
    _judge(scene, scene.story.level, legal_class(scene.story.triage), "")


def _judge(scene: Scene, level: str, chosen: str, because: str) -> None:
    counsel = GROUPS["compliance"][scene.initiative.pk % 2]
    initiatives.confirm_triage(
        initiative=scene.initiative, level=level, legal_class=chosen, because=because,
        by=scene.cast.people[counsel], at=scene.at,
    )  # fmt: skip


def _measurement(told: Metrics, value: str, sample: int | None) -> Act:
    def measure(scene: Scene) -> None:
        initiatives.record_measurement(
            metric=scene.metrics[told.name],
            value=told.value(value),
            measured_at=scene.at,
            sample_size=sample,
            is_automatic=told.is_automatic,
            from_production=told.is_automatic and scene.initiative.stage == "production",
            by=None if told.is_automatic else scene.owner,
            at=scene.at,
        )

    return measure


# --- papers and findings ------------------------------------------------------------------------


def answered(
    days: float,
    gate: str = Gate.CHARTER,
    *,
    leave: tuple[str, ...] = (),
    more: dict[str, dict[str, Any]] | None = None,
) -> Deeds:
    """Everything a gate asks is answered, but for what is left open."""

    def answer(scene: Scene) -> None:
        given = papers.answers(scene, gate, more or {})
        _answer(scene, {key: values for key, values in given.items() if key not in leave})

    return (Deed(days, answer),)


def _answer(scene: Scene, given: dict[str, dict[str, Any]]) -> None:
    """Write down what the policy asks of this story; people named in it accept."""
    about: dict[str, Any] = {"initiative": scene.initiative, "by": scene.owner, "at": scene.at}
    for criterion, values in given.items():
        fields, named = papers.filled_in(criterion, values, scene)
        initiatives.record_evidence(criterion=criterion, fields=fields, people=named, **about)
    for ownership in _asked(scene).filter(role__contains="."):
        initiatives.accept(ownership=ownership, by=ownership.person, at=scene.at)


def evaluated(days: float, version: str, clean: str, messy: str, size: int = 400) -> Deeds:
    """A version was run on the verified cases, and on those as messy as daily life."""

    def evaluate(scene: Scene) -> None:
        told = next(m for m in scene.story.metrics if m.kind == MetricKind.QUALITY)
        scene.initiative.refresh_from_db()
        for is_messy, value in ((False, clean), (True, messy)):
            stored = _evaluation_set(scene, told, size, is_messy=is_messy)
            initiatives.record_run(
                evaluation_set=stored, ran_on=scene.today, version=version,
                value=told.value(value), cases=stored.size, by=scene.owner, at=scene.at,
            )  # fmt: skip

    return (Deed(days, evaluate),)


def _evaluation_set(scene: Scene, told: Metrics, size: int, *, is_messy: bool) -> Any:
    row = scene.initiative
    there = row.messy_set if is_messy else row.evaluation_set
    values = papers.evaluation_set(scene, size, is_messy=is_messy)
    return there or initiatives.describe_evaluation_set(
        initiative=row, values=values | {"metric": scene.metrics[told.name]},
        by=scene.owner, at=scene.at,
    )  # fmt: skip


def asked(
    days: float, question: str, owner: str, estimate: int, cost: int = 0, *, blocking: bool = False,
    due: int | None = None,
) -> Deeds:  # fmt: skip
    """Something the pilot left open: working days, money, and within how many days it is due."""

    def ask(scene: Scene) -> None:
        values = {
            "question": question,
            "owner": scene.who(owner),
            "estimate_days": estimate,
            "estimate_cost": cost or None,
            "is_blocking": blocking,
            "due_date": scene.today + timedelta(days=due) if due else None,
        }
        initiatives.raise_question(
            initiative=scene.initiative, values=values, by=scene.owner, at=scene.at
        )

    return (Deed(days, ask),)


def closed(days: float, begins: str, answer: str) -> Deeds:
    """What came out of a question that begins like this."""

    def close(scene: Scene) -> None:
        questions = OpenQuestion.objects.select_related("initiative")
        question = questions.get(initiative=scene.initiative, question__startswith=begins)
        initiatives.close_question(question=question, answer=answer, by=scene.owner, at=scene.at)

    return (Deed(days, close),)


def spent(*entries: tuple[float, int]) -> Deeds:
    """Money, as (days ago, amount)."""
    return tuple(Deed(days, _payment(amount)) for days, amount in entries)


def monthly(first: int, last: int, amount: int) -> Deeds:
    """An invoice a month, which is never quite the same."""
    days = range(first, last - 1, -30)
    return spent(*((day, amount + amount * ((day * 7) % 19 - 12) // 100) for day in days))


def _payment(amount: int) -> Act:
    def pay(scene: Scene) -> None:
        initiatives.record_spend(
            initiative=scene.initiative, amount=amount, spent_on=scene.today, by=scene.owner,
            at=scene.at,
        )  # fmt: skip

    return pay


def documented(days: float, name: str, url: str) -> Deeds:
    def add(scene: Scene) -> None:
        initiatives.add_document(
            initiative=scene.initiative, url=url, name=name, by=scene.owner, at=scene.at
        )

    return (Deed(days, add),)


# --- owners, metrics and limits later on --------------------------------------------------------


def joined(days: float, role: str, key: str, *, silent: bool = False) -> Deeds:
    """Somebody is asked into a role later on, and accepts."""

    def join(scene: Scene) -> None:
        ownership = initiatives.ask(
            initiative=scene.initiative, role=role, person=scene.who(key), by=scene.owner,
            at=scene.at,
        )  # fmt: skip
        if not silent:
            initiatives.accept(
                ownership=ownership, by=ownership.person, at=scene.later(hours=1),
                **_promised(ownership),
            )  # fmt: skip

    return (Deed(days, join),)


def leaving(days: float, key: str, *, by: str, ahead: int) -> Deeds:
    """The head of somebody's unit records their last day, so many days from today."""

    def record(scene: Scene) -> None:
        last = timezone.localdate(scene.cast.now) + timedelta(days=ahead)
        accounts.record_leaving(person=scene.who(key), day=last, by=scene.who(by), at=scene.at)

    return (Deed(days, record),)


def offered(days: float, giver: str, receiver: str, reason: str, *, declined: str = "") -> Deeds:
    """A lead asks somebody to take over all that another owns, who declines within hours, or has
    not answered yet, however often they are reminded."""

    def offer(scene: Scene) -> None:
        by = scene.cast.lead
        theirs = belongings.of(scene.who(giver), seen_by=by)
        if not theirs:  # it is in another story, and not all of them are told
            return
        asked = reviews.ask_to_take_over(
            giver=scene.who(giver), receiver=scene.who(receiver), reason=reason,
            subjects=[belonging.subject for belonging in theirs], by=by, at=scene.at,
        )  # fmt: skip
        if declined:
            reviews.decline_to_take_over(
                hand_over=asked, reason=declined, by=asked.receiver, at=scene.later(hours=3)
            )

    return (Deed(days, offer),)


def reaccepted(days: float) -> Deeds:
    """Its business and its production owner say again that it is theirs."""

    def confirm(scene: Scene) -> None:
        held = Ownership.objects.counting().filter(initiative=scene.initiative)
        for ownership in held.filter(role__in=(Role.BUSINESS_OWNER, Role.PRODUCTION_OWNER)):
            initiatives.confirm(ownership=ownership, by=ownership.person, at=scene.at)

    return (Deed(days, confirm),)


def watched(days: float) -> Deeds:
    """The on-call contact is paged about the primary metric and about its quality."""

    def watch(scene: Scene) -> None:
        kinds = (MetricKind.BUSINESS, MetricKind.QUALITY)
        for metric in scene.story.metrics:
            if metric.kind not in kinds:
                continue
            initiatives.watch_metric(
                metric=scene.metrics[metric.name],
                paged=scene.who(Role.ON_CALL),
                by=scene.owner,
                at=scene.at,
            )

    return (Deed(days, watch),)


def lasting(days: float, limit: str, in_a_row: int = 3) -> Deeds:
    """A kill condition that goes on in production is agreed on the primary metric."""

    def agree(scene: Scene) -> None:
        told = next(m for m in scene.story.metrics if m.is_primary)
        metric = scene.metrics[told.name]
        initiatives.add_kill_condition(
            initiative=scene.initiative, by=scene.owner, at=scene.at,
            values=_condition(metric, told, limit, in_a_row, by_decision_date=False),
        )  # fmt: skip

    return (Deed(days, agree),)


def edited(days: float, **changes: Any) -> Deeds:
    def edit(scene: Scene) -> None:
        initiatives.edit(initiative=scene.initiative, by=scene.owner, at=scene.at, **changes)

    return (Deed(days, edit),)


def moved_threshold(days: float, threshold: str) -> Deeds:
    """The primary metric's threshold is changed, under the signatures given so far."""

    def move(scene: Scene) -> None:
        told = next(m for m in scene.story.metrics if m.is_primary)
        values = _bounds(told) | {"threshold": told.value(threshold)}
        kept = ("direction", "baseline", "target", "threshold")
        initiatives.define_metric(
            initiative=scene.initiative, metric=scene.metrics[told.name], by=scene.owner,
            at=scene.at, values={name: values[name] for name in kept},
        )  # fmt: skip

    return (Deed(days, move),)


def off(days: float, by: str) -> Deeds:
    """Somebody who answers for it confirms that what is suspended is really off."""
    return (
        Deed(
            days, lambda s: initiatives.confirm_off(initiative=s.initiative, by=s.who(by), at=s.at)
        ),
    )


def restricted(days: float) -> Deeds:
    def restrict(scene: Scene) -> None:
        initiatives.restrict(
            initiative=scene.initiative, is_restricted=True, by=scene.cast.lead, at=scene.at
        )

    return (Deed(days, restrict),)


def forbidden(days: float, because: str) -> Deeds:
    """Compliance classes it as prohibited."""
    return (Deed(days, lambda s: _judge(s, s.story.level, LegalClass.PROHIBITED, because)),)
