"""Every address that exists, and which object of an initiative stands in it.

An address of an initiative itself (`…/<int:pk>/…`) needs nothing here. One about something else
has its line in ABOUT; one that asks for more than its form shows has one in POSTED; one that only
opens in a certain state has one in FIRST. Anything missing is said by the proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import Person
from initiatives import actions as initiatives
from initiatives import facts as initiative_facts
from initiatives import statement
from initiatives.models import (
    Baseline,
    Document,
    HandOver,
    Initiative,
    KillCondition,
    Metric,
    Obligation,
    OpenQuestion,
    Ownership,
)
from initiatives.stages import Role, Stage
from notifications import campaigns, unsubscribing
from notifications.models import Flag, Preference, Snooze
from proofs.permissions import world as worlds
from proofs.permissions.world import Target, World
from reviews import actions as reviews
from reviews import belongings, queries
from reviews.models import Delegation, Question, SignOff, Slot

Found = dict[str, Any] | None  # None where this initiative has no such thing
OF_INITIATIVE = ("initiatives/<int:pk>/", "reviews/of/<int:pk>/")
ADMIN = "admin"
# Allauth's own: who may is decided by what they are about, and tests/accounts sees to them.
READ_ONLY = "account_"


@dataclass(frozen=True)
class Door:
    """One address, with what stands in it where one name has several meanings."""

    name: str
    route: str
    variant: str = ""
    parts: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.name} {self.variant}".strip()

    @property
    def is_of_initiative(self) -> bool:
        return self.name in OF or self.route.startswith(OF_INITIATIVE)

    def address(self, target: Target, world: World) -> str | None:
        """The address for this target; None where it has nothing to be asked about."""
        kwargs: dict[str, Any] = {}
        if self.name in OF:
            found = OF[self.name](target.row, self.variant)
            if found is None:
                return None
            kwargs["pk"] = found.pk
        elif self.route.startswith(OF_INITIATIVE):
            kwargs["pk"] = target.row.pk
        about = ABOUT.get(self.name)
        more = about(target, world, self.variant) if about else {}
        if more is None:
            return None
        kwargs |= more
        if missing := [part for part in self.parts if part not in kwargs]:
            raise LookupError(
                f"{self.name} is about {', '.join(missing)}: say which in OF or ABOUT of "
                "proofs/permissions/doors.py"
            )
        address = reverse(self.name, kwargs={part: kwargs[part] for part in self.parts})
        return address + ASKED.get(self.name, "")


def every() -> list[Door]:
    """All of them, from the resolver; the admin's are one block."""
    return list(_walk(get_resolver(), "", ""))


def _walk(resolver: URLResolver, route: str, namespace: str) -> Iterator[Door]:
    for pattern in resolver.url_patterns:
        path = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.namespace == ADMIN:
                continue
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern, path, inner)
        else:
            yield from _variants(pattern, path, namespace)


def _variants(pattern: URLPattern, path: str, namespace: str) -> Iterator[Door]:
    name = f"{namespace}{pattern.name or path}"
    parts = tuple(pattern.pattern.converters) or tuple(
        getattr(pattern.pattern.regex, "groupindex", {})
    )
    for variant in VARIANTS.get(name, ("",)):
        yield Door(name, path, variant, parts)


def admin_addresses() -> list[str]:
    """The pages of the admin that need no object."""
    from django.contrib import admin

    models = [model._meta for model in admin.site._registry]
    pages = [
        f"{m.app_label}_{m.model_name}_{what}" for m in models for what in ("changelist", "add")
    ]
    return [reverse(f"admin:{name}") for name in ("index", *pages)]


# --- what stands in an address ----------------------------------------------------------------


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


def _open_slot(row: Initiative, variant: str) -> Any:
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
    "reviews:take_back": _open_slot,
    "reviews:hand_on": _open_slot,
    "reviews:appoint": _open_slot,
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

# --- what is sent -----------------------------------------------------------------------------


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


# Where the page shows no form of its own, or the form leaves open what the action wants.
POSTED: dict[str, Callable[[Target, World], dict[str, Any]]] = {
    "initiatives:import": lambda *_: {"file": SimpleUploadedFile("more.csv", worlds.INVENTORY)},
    "initiatives:restrict": lambda target, _: {
        "restricted": "yes" if target.seen == "open" else ""
    },
    "initiatives:answer_ownership": lambda *_: {"answer": "accept", "hours_a_month": "8"},
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
    "campaign:chase": lambda *_: {"all": "yes"},
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
    "mails:settings": {"health": "weekly"},
    "policy:limits": {"pilot_days": "29"},
    "reviews:rebaseline": {"problem": "Letters wait for a week.", "propose": "yes"},
}


# --- what comes first -------------------------------------------------------------------------


def _suspended(target: Target, world: World) -> None:
    if target.row.stage in ("pilot", "readiness_review", "production"):
        reviews.decide(
            initiative=target.row,
            kind="suspend",
            reason="It erred.",
            by=world.extras["lead"],
            at=timezone.now(),
        )


def _no_draft(target: Target, world: World) -> None:
    draft = worlds.draft()
    by, at = world.extras["lead"], timezone.now()
    reviews.discard_draft(draft=draft, revision=draft.revision, by=by, at=at)


def _no_review(target: Target, world: World) -> None:
    """Where groups are asked it stays: without it they would not know of a restricted one."""
    review = worlds.review(target.row)
    if review and target.seen != worlds.ASKED:
        by, at = world.extras["lead"], timezone.now()
        reviews.withdraw(review=review, reason="Once more.", by=by, at=at)


def _rejected(target: Target, world: World) -> None:
    """By the business owner, who alone may take that back."""
    slot = _open_slot(target.row, "")
    worlds.sign(slot, world.extras["owner"], at=timezone.now(), verdict=SignOff.Verdict.REJECT)


def _not_overridden(target: Target, world: World) -> None:
    """Only one can wait for its second signature."""
    override = worlds.override(target.row)
    assert override is not None
    by, at = override.asked_by, timezone.now()
    reviews.decline_override(override=override, reason="Once more.", by=by, at=at)


def _tripped(target: Target, world: World) -> None:
    """As the sweep finds it when its day is over, which here lies ahead."""
    KillCondition.objects.filter(initiative=target.row).update(
        state=KillCondition.State.TRIPPED, tripped_at=timezone.now(), tripped_because="it was late"
    )


def _messy_set(target: Target, world: World) -> None:
    row = Initiative.objects.get(pk=target.row.pk)
    if row.evaluation_set is not None and row.stage != Stage.RETIRED:
        values = {
            "name": "Calls as they come",
            "metric": row.evaluation_set.metric,
            "size": 400,
            "verified_by": "two team leads",
            "location": "https://example.com/messy",
            "is_messy": True,
        }
        at = timezone.now()
        initiatives.describe_evaluation_set(initiative=row, values=values, by=None, at=at)


def _taken_over_as_imported(target: Target, world: World) -> None:
    """The owner has accepted a pilot that came in quiet, and the campaign has begun."""
    row, owner, at = worlds.imported_pilot(), world.extras["owner"], timezone.now()
    initiatives.start_counting(by=None, at=at, initiatives=[row.pk])
    asked = initiatives.ask(initiative=row, role=Role.SPONSOR, person=owner, by=None, at=at)
    initiatives.accept(ownership=asked, by=owner, at=at)


# What happens just before, and is taken back with everything else.


def _chose_mails(target: Target, world: World) -> None:
    """Everybody did, so that there is something to go back from."""
    for person in Person.objects.all():
        Preference.objects.create(person=person, topic="health", pace="off")


FIRST: dict[str, Callable[[Target, World], None]] = {
    "mails:reset": _chose_mails,
    "campaign:dates": _taken_over_as_imported,
    "initiatives:confirm_off": _suspended,
    "initiatives:record_messy_run": _messy_set,
    "reviews:decide resume": _suspended,
    "reviews:request": _no_review,
    "reviews:take_back": _rejected,
    "reviews:override": _not_overridden,
    "reviews:waive": _tripped,
    "policy:start": _no_draft,
}
