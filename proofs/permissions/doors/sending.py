"""What is posted, where the page's own form is not enough."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from initiatives import facts as initiative_facts
from initiatives import statement
from initiatives.models import HandOver
from notifications import campaigns
from proofs.permissions import world as worlds
from proofs.permissions.world import Target, World
from reviews import belongings, queries


def _verdict(target: Target, world: World) -> dict[str, Any]:
    review = worlds.review(target.row)
    return {"verdict": "approve", "digest": review.snapshot_id if review else ""}


def _stands_in(target: Target, world: World) -> dict[str, Any]:
    person = world.extras["stand_in"].pk
    return {"person": person, "until_date": _in_days(7), "reason": "Away until then."}


def _overridden(target: Target, world: World) -> dict[str, Any]:
    review = worlds.incomplete(target.row)
    unmet = queries.standing(review, timezone.localdate()).overridable if review else []
    keys = [judged.criterion.key for judged in unmet[:1]]
    return {"criteria": keys, "reason": "It comes later.", "expires_on": _in_days(14)}


def _taken_over(target: Target, world: World) -> dict[str, Any]:
    return {"statement": statement.of(initiative_facts.load_one(target.row.pk))}


def _to_be_asked(target: Target, world: World) -> dict[str, Any]:
    return {"mails": campaigns.count_asked(campaigns.quiet()), "unit": "", "sure": "on"}


def _another_day(target: Target, world: World) -> dict[str, Any]:
    return {f"day_{worlds.imported_pilot().pk}": _in_days(20)}


def _in_days(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def _of_draft(**more: Any) -> Callable[[Target, World], dict[str, Any]]:
    return lambda _, world: {"revision": world.extras["revision"], **more}


def _handed_over(target: Target, world: World) -> dict[str, Any]:
    """All that is the owner's, may be seen by an administrator and was not offered yet."""
    owner = world.extras["owner"]
    theirs = belongings.of(owner, seen_by=owner)
    open_ones = {b.subject for b in theirs if b.initiative and not b.initiative.is_restricted}
    subjects = sorted(open_ones - belongings.offered_by(owner))
    return {"receiver": world.extras["stand_in"].pk, "subjects": subjects, "reason": "I leave."}


def _taken(target: Target, world: World) -> dict[str, Any]:
    offered = HandOver.objects.get(pk=world.extras["hand_over"])
    return {"answer": "accept", "subjects": [item.subject for item in offered.items.all()]}


# What is about one's own alone: whoever is asked nothing may, but nothing comes of it.
OF_ONES_OWN = {"campaign:mine", "campaign:not_mine", "campaign:dead", "campaign:dates"}

# Where the page shows no form of its own, or the form leaves open what the action wants.
POSTED: dict[str, Callable[[Target, World], dict[str, Any]]] = {
    "initiatives:import": lambda *_: {"file": SimpleUploadedFile("more.csv", worlds.INVENTORY)},
    "initiatives:restrict": lambda target, _: {
        "restricted": "yes" if target.seen == "open" else ""
    },
    "initiatives:answer_ownership": lambda *_: {
        "answer": "accept",
        "hours_a_month": "8",
        "in_objectives": "on",
    },
    "initiatives:confirm_ownership": lambda *_: {"hours_a_month": "8"},
    "initiatives:remove_kill_condition": lambda *_: {},
    "initiatives:confirm_off": lambda *_: {},
    "initiatives:discard_upload": lambda *_: {},
    "initiatives:triage_queue": lambda _, world: {"initiative": [world.extras["light"]]},
    "reviews:request": lambda *_: {},
    "initiatives:similar": lambda *_: {"problem": "Letters wait for a week."},
    "reviews:sign": _verdict,
    "reviews:take_back": lambda *_: {},
    "reviews:hand_on": _stands_in,
    "reviews:appoint": _stands_in,
    "reviews:end_delegation": lambda *_: {},
    "reviews:ask": lambda _, world: {"text": "Why?", "asked_of": world.extras["owner"].pk},
    "reviews:override": _overridden,
    "reviews:countersign": lambda *_: {},
    "reviews:decline": lambda *_: {"reason": "It can wait."},
    "reviews:waive": lambda *_: {"reason": "It comes later.", "expires_on": _in_days(14)},
    "reviews:endorse": _taken_over,
    "notifications:retry": lambda *_: {},
    "campaign:start": _to_be_asked,
    "campaign:chase": lambda _, world: {"person": [world.extras["stand_in"].pk]},
    "campaign:retire": lambda _, world: {
        "request": [world.extras["dead"]],
        "outcome": "withdrawn",
        "lesson": "Ask who uses it.",
    },
    "campaign:mine": lambda *_: {"mine": "all"},
    "campaign:not_mine": lambda *_: {"comment": "Since May."},
    "campaign:dead": lambda *_: {"reason": "It is switched off."},
    "campaign:dates": _another_day,
    "notifications:snooze": lambda *_: {"until": _in_days(7), "reason": "Next week."},
    "notifications:wake": lambda *_: {},
    "portfolio:read": lambda *_: {},
    "portfolio:read_all": lambda *_: {},
    "portfolio:make_calendar": lambda *_: {},
    "portfolio:revoke_calendar": lambda *_: {},
    "portfolio:enter_channel": lambda *_: {"url": f"slack://T0000000A/B0000000A/{'a' * 24}"},
    "portfolio:channel_on": lambda *_: {},
    "portfolio:channel_off": lambda *_: {},
    "portfolio:remove_channel": lambda *_: {},
    "portfolio:deputy": lambda _, world: {"deputy": world.extras["stand_in"].pk},
    "initiatives:add_document": lambda *_: {"url": "https://example.com/new", "name": "New"},
    "people:deactivate": lambda *_: {},
    "people:reactivate": lambda *_: {},
    "people:leaving": lambda *_: {"day": _in_days(30)},
    "people:hand_over": _handed_over,
    "people:take_over": _taken,
    "people:withdraw": lambda *_: {},
    "policy:start": lambda *_: {},
    "policy:import": lambda _, world: {
        "revision": world.extras["revision"],
        "file": SimpleUploadedFile("policy.toml", b"# nothing yet"),
    },
    "policy:arrange": _of_draft(act="down", gate="charter", kind="criteria", key="data_audit"),
    "policy:discard": _of_draft(reason="Not now."),
    "policy:publish": _of_draft(reason="Agreed in the meeting."),
}

# What is changed in the form of the page: sent as it stands it would change nothing.
CHANGED: dict[str, dict[str, str]] = {
    "initiatives:edit": {"problem": "Letters wait for a week."},
    "initiatives:upload": {"source": "Elsewhere"},
    "mails:chat": {"health": "daily"},
    "mails:settings": {"health": "weekly"},
    "policy:limits": {"pilot_days": "29"},
    "reviews:rebaseline": {"problem": "Letters wait for a week.", "propose": "yes"},
}
