"""What test_races.py lets many people do at one moment; proofs/racing.py is how."""

from __future__ import annotations

import atexit
import contextlib
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from typing import Any

from proofs import racing
from proofs.racing import Given
from proofs.racing import outcome as _outcome


def race(act: str, *, processes: int, threads: int, **given: Any) -> Counter[str]:
    """Let that many at it; count how it ended for them."""
    with _host().runners(f"{__name__}:{act}", processes, threads) as run:
        return run(given)


@cache
def _host() -> racing.Host:
    """One for all races of this process: to set it up takes longer than most of them."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(racing.host())


# --- acts: each is called once in each thread, with the number of the thread ------------------


def decide(number: int, given: Given) -> str:
    from reviews import actions

    return _outcome(
        actions.decide,
        initiative=_initiative(given),
        kind="proceed",
        reason=f"No. {number} says so.",
        by=_person(given, number),
        at=datetime.now(tz=UTC),
    )


def kill_or_proceed(number: int, given: Given) -> str:
    from reviews import actions

    kind = ("proceed", "kill", "send_back")[number % 3]
    done = _outcome(
        actions.decide,
        initiative=_initiative(given),
        kind=kind,
        reason="It is time.",
        by=_person(given, number),
        at=datetime.now(tz=UTC),
        outcome="priorities" if kind == "kill" else "",
        lesson="None." if kind == "kill" else "",
    )
    return kind if done == "done" else done


def suspend(number: int, given: Given) -> str:
    from reviews import actions

    return _outcome(
        actions.decide,
        initiative=_initiative(given),
        kind="suspend",
        reason=f"No. {number} saw it err.",
        by=_person(given, number),
        at=datetime.now(tz=UTC),
    )


def request(number: int, given: Given) -> str:
    from reviews import actions

    return _outcome(
        actions.request_review,
        initiative=_initiative(given),
        by=_person(given, number),
        at=datetime.now(tz=UTC),
    )


def sign(number: int, given: Given) -> str:
    """Sign the evidence as read just before."""
    from django.utils import timezone

    from accounts.authentication import Authentication
    from reviews import actions, queries
    from reviews.models import Review, Slot

    at = datetime.now(tz=UTC)
    slot = Slot.objects.select_related("review").get(pk=given["slot"])
    review = Review.objects.select_related("policy", "initiative").get(pk=slot.review_id)
    return _outcome(
        actions.sign,
        slot=slot,
        verdict="approve",
        digest=queries.standing(review, timezone.localdate(at)).digest,
        authentication=Authentication("password", at),
        by=_person(given, number),
        at=at,
    )


def edit(number: int, given: Given) -> str:
    """Move the threshold to a value of one's own."""
    from decimal import Decimal

    from initiatives import actions
    from initiatives.models import Metric

    metric = Metric.objects.get(pk=given["metric"])
    return _outcome(
        actions.define_metric,
        initiative=_initiative(given),
        metric=metric,
        values={
            "direction": metric.direction,
            "baseline": metric.baseline,
            "target": metric.target,
            "threshold": Decimal(1_800 + number),
        },
        by=None,
        at=datetime.now(tz=UTC),
    )


def sign_or_edit(number: int, given: Given) -> str:
    """Four sign, one edits, each several times over."""
    act = edit if number % 5 == 0 else sign
    ends = [act(number, given) for _ in range(given["times"])]
    return " ".join(dict.fromkeys(f"{act.__name__}:{end}" for end in ends))


def judge(number: int, given: Given) -> str:
    """A tick; it names no actor and is refused nothing."""
    from reviews import actions

    actions.judge(at=datetime.now(tz=UTC))
    return "done"


def start_draft(number: int, given: Given) -> str:
    from reviews import actions

    return _outcome(actions.start_draft, by=_person(given, number), at=datetime.now(tz=UTC))


def publish(number: int, given: Given) -> str:
    """Publish the draft as it was read."""
    from reviews import actions
    from reviews.models import PolicyDraft

    return _outcome(
        actions.publish_draft,
        draft=PolicyDraft.objects.get(pk=given["draft"]),
        revision=given["revision"],
        reason=f"No. {number} says so.",
        by=_person(given, number),
        at=datetime.now(tz=UTC),
    )


def publish_or_save(number: int, given: Given) -> str:
    """Half of them publish what they read, half change it."""
    from reviews import actions
    from reviews.models import PolicyDraft

    if number % 2:
        return f"publish:{publish(number, given)}"
    draft = PolicyDraft.objects.get(pk=given["draft"])
    done = _outcome(
        actions.save_draft,
        draft=draft,
        revision=given["revision"],
        text=f"{draft.text}\n# No. {number}\n",
        by=_person(given, number),
        at=datetime.now(tz=UTC),
    )
    return f"save:{done}"


def act_ask_or_deactivate(number: int, given: Given) -> str:
    """Of each person at once: they act, they are asked into a role, they are deactivated."""
    from accounts import actions as people
    from initiatives import actions

    whose, what = number // 3, number % 3
    at = datetime.now(tz=UTC)
    person = _person(given, whose)
    if what == 0:
        done = _outcome(
            actions.record_spend,
            initiative=_initiative(given),
            amount=1,
            spent_on=at.date(),
            by=person,
            at=at,
        )
        return done if done != "done" else "acted"
    if what == 1:
        return _outcome(people.deactivate, person=person, by=None, at=at)
    return _outcome(
        actions.ask,
        initiative=_initiative(given),
        role=f"role.{whose}",
        person=person,
        by=None,
        at=at,
    )


def _initiative(given: Given) -> Any:
    from initiatives.models import Initiative

    return Initiative.objects.get(pk=given["initiative"])


def _person(given: Given, number: int) -> Any:
    from accounts.models import Person

    return Person.objects.get(pk=given["people"][number % len(given["people"])])
