"""What the person who looks at it may do: decide, answer what has tripped, confirm, endorse."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse

from accounts.models import Person
from initiatives import rules
from initiatives.facts import Facts
from initiatives.stages import Role, Stage
from reviews import queries as reviews
from reviews.models import Decision


def decisions(person: Person, known: Facts) -> list[tuple[str, str]]:
    """What this person may decide without a review; advancing is decided on the review."""
    here = (
        Decision.Kind.EXTEND, Decision.Kind.PAUSE, Decision.Kind.SUSPEND, Decision.Kind.RESUME,
        Decision.Kind.KILL, Decision.Kind.DECOMMISSION,
    )  # fmt: skip
    return [
        (str(kind.label), reverse("reviews:decide", args=[known.initiative.pk, kind]))
        for kind in reviews.possible_decisions(person, known)
        if kind in here
    ]


def answers(person: Person, known: Facts, today: date) -> list[tuple[str, str]]:
    """The decisions of this person that answer what has tripped, beside waiving it. To extend
    has to answer all of it."""
    kinds = {Decision.Kind.KILL, Decision.Kind.DECOMMISSION}
    if len(rules.answered_by_extension(known, today)) == len(known.tripped):
        kinds.add(Decision.Kind.EXTEND)
    return [
        (str(kind.label), reverse("reviews:decide", args=[known.initiative.pk, kind]))
        for kind in reviews.possible_decisions(person, known)
        if kind in kinds
    ]


def to_confirm(person: Person, known: Facts) -> set[int]:
    """What this person may say again to be theirs: in production, where recertification asks;
    before, whoever is to run it and has not said with how many hours, or that it is among their
    objectives."""
    mine = [o for o in known.ownerships if o.person_id == person.pk and o.counts]
    if known.initiative.stage == Stage.PRODUCTION:
        return {o.pk for o in mine}
    runs = (o for o in mine if o.role == Role.PRODUCTION_OWNER)
    return {o.pk for o in runs if o.hours_a_month is None or not o.in_objectives}


def is_to_endorse(person: Person, known: Facts) -> bool:
    """Whether this person is its new sponsor, and asked to sign what was promised before."""
    row: Any = known.initiative
    sponsor = known.counted_owner(Role.SPONSOR)
    is_sponsor = sponsor is not None and sponsor.person_id == person.pk
    return is_sponsor and any(f["rule"] == "statement_unsigned" for f in row.beside_flags or ())
