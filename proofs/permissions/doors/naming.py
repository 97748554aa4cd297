"""What stands in an address: which object of an initiative, and what else it names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Model

from initiatives.models import (
    Baseline,
    Document,
    Initiative,
    KillCondition,
    Metric,
    Obligation,
    OpenQuestion,
    Ownership,
)
from initiatives.stages import Role
from notifications import unsubscribing
from notifications.models import Flag, Snooze
from proofs.permissions import world as worlds
from proofs.permissions.world import Target, World
from reviews.models import Delegation, Question, SignOff, Slot

Found = dict[str, Any] | None  # None where this initiative has no such thing


def _first(model: type[Model], **which: Any) -> Callable[[Initiative, str], Any]:
    def find(row: Initiative, variant: str) -> Any:
        return model._default_manager.filter(initiative=row, **which).first()

    return find


def _slot(row: Initiative, variant: str) -> Any:
    """The slot that is named in the variant, of the open review."""
    return Slot.objects.filter(review__initiative=row, review__closed_at=None, key=variant).first()


def _mine(row: Initiative, variant: str) -> Any:
    """What the business owner accepted."""
    return Ownership.objects.open().filter(initiative=row, role=Role.BUSINESS_OWNER).first()


def _promised(row: Initiative, variant: str) -> Any:
    """The condition that the business owner has to see to."""
    owed = Obligation.objects.open().filter(initiative=row)
    return owed.filter(assignee=_mine(row, variant).person).first()


def open_slot(row: Initiative, variant: str) -> Any:
    """The business owner's, where they have not signed yet."""
    slots = Slot.objects.filter(review__initiative=row, review__closed_at=None)
    return slots.filter(key=Role.BUSINESS_OWNER, sign_offs=None).first()


def _in_review(model: type[Model], path: str) -> Callable[[Initiative, str], Any]:
    def find(row: Initiative, variant: str) -> Any:
        return model._default_manager.filter(**{path: row}).first()

    return find


# The `pk` of what belongs to an initiative.
OF: dict[str, Callable[[Initiative, str], Any]] = {
    "initiatives:answer_ownership": lambda row, _: worlds.pending(row),
    "initiatives:confirm_ownership": _mine,
    "initiatives:remove_kill_condition": _first(KillCondition),
    "initiatives:document": _first(Document),
    "initiatives:change_question": _first(OpenQuestion),
    "initiatives:close_question": _first(OpenQuestion),
    "reviews:detail": lambda row, _: worlds.review(row),
    "reviews:withdraw": lambda row, _: worlds.review(row),
    "reviews:sign": _slot,
    "reviews:take_back": open_slot,
    "reviews:hand_on": open_slot,
    "reviews:appoint": open_slot,
    "reviews:end_delegation": _in_review(Delegation, "slot__review__initiative"),
    "reviews:ask": lambda row, _: worlds.review(row),
    "reviews:answer_question": _in_review(Question, "review__initiative"),
    "reviews:receipt": _in_review(SignOff, "review__initiative"),
    "reviews:pack": lambda row, _: worlds.review(row),
    "reviews:override": lambda row, _: worlds.incomplete(row),
    "reviews:countersign": lambda row, _: worlds.override(row),
    "reviews:decline": lambda row, _: worlds.override(row),
    "reviews:waive": _first(KillCondition),
    "initiatives:confirm_obligation": _promised,
    "notifications:snooze": _first(Flag, rule="stalled"),
    "notifications:wake": _in_review(Snooze, "flag__initiative"),
}


def _metric(target: Target, world: World, variant: str) -> Found:
    metric = Metric.objects.filter(initiative=target.row).first()
    return {"metric_pk": metric.pk} if metric else None


def _stopping(world: World) -> str:
    """What the link in a mail to the owner holds."""
    link = unsubscribing.link(world.extras["owner"].pk, ("health",))
    return link.rstrip("/").rpartition("/")[2]


def _chartered(target: Target, world: World, variant: str) -> Found:
    """Where something was promised: nothing is frozen before, and nothing to be taken over."""
    return {} if Baseline.objects.in_force().filter(initiative=target.row).exists() else None


def _charter(target: Target, world: World, variant: str) -> Found:
    return {"gate": "charter", "key": "data_audit", "field": "sources"}


def _the_owner(target: Target, world: World, variant: str) -> Found:
    """The page of the person in the owner's column."""
    return {"pk": world.extras["owner"].pk}


# What else an address names.
ABOUT: dict[str, Callable[[Target, World, str], Found]] = {
    "initiatives:change_metric": _metric,
    "initiatives:measure": _metric,
    "initiatives:edit": lambda *_: {"part": "description"},
    "initiatives:ask": lambda *_: {"role": "on-call"},
    "initiatives:tab": lambda *_: {"tab": "history"},
    "mails:unsubscribe": lambda _, world, __: {"token": _stopping(world)},
    "initiatives:upload": lambda _, world, __: {"pk": world.extras["upload"]},
    "initiatives:discard_upload": lambda _, world, __: {"pk": world.extras["upload"]},
    "reviews:answer": lambda *_: {"criterion": "data_audit"},
    "reviews:decide": lambda _, __, variant: {"kind": variant},
    "reviews:pack": lambda _, __, variant: {"form": variant},
    "reviews:endorse": _chartered,
    "reviews:rebaseline": _chartered,
    "notifications:retry": lambda _, world, __: {"pk": world.extras["mail"]},
    "campaign:keep": lambda _, world, __: {"pk": world.extras["dead"]},
    "portfolio:read": lambda _, world, __: {"pk": world.extras["reminder"]},
    "portfolio:make_calendar": lambda *_: {"kind": "own"},
    "portfolio:revoke_calendar": lambda *_: {"kind": "own"},
    "calendar:feed": lambda _, world, __: {"token": world.extras["token"]},
    "policy:version": lambda *_: {"version": 1},
    "policy:text": lambda *_: {"version": 1},
    "policy:difference": lambda *_: {"before": 1, "after": 1},
    "policy:dry_run_list": lambda *_: {"what": "blocked"},
    "policy:people": _charter,
    "policy:add_criterion": _charter,
    "policy:add_slot": _charter,
    "policy:criterion": _charter,
    "policy:slot": lambda *_: {"gate": "charter", "key": "sponsor"},
    "policy:add_question": _charter,
    "policy:question": _charter,
    **dict.fromkeys(
        ("people:detail", "people:deactivate", "people:leaving", "people:hand_over"), _the_owner
    ),
    "people:reactivate": lambda _, world, __: {"pk": world.extras["left"]},
    "people:take_over": lambda _, world, __: {"pk": world.extras["hand_over"]},
    "people:withdraw": lambda _, world, __: {"pk": world.extras["hand_over"]},
    "account_reset_password_from_key": lambda *_: {"uidb36": "1", "key": "set-password"},
}
# What follows the question mark.
OF_ALL = f"?of={','.join(str(pk) for pk in range(1, 60))}"  # of which one's own count
ASKED = {
    "policy:differences": "?before=1&after=1",
    "campaign:not_mine": OF_ALL,
    "campaign:dead": OF_ALL,
}
# Names that mean several things.
VARIANTS: dict[str, tuple[str, ...]] = {
    "reviews:decide": ("proceed", "send_back", "extend", "pause", "kill", "suspend", "resume"),
    "reviews:sign": ("sponsor", "business_owner", "compliance"),
    "reviews:pack": ("json", "pdf"),
}
