"""What happens just before somebody asks, and is taken back with everything else."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from accounts.models import Person
from initiatives import actions as initiatives
from initiatives.models import Initiative, KillCondition, Ownership
from initiatives.stages import Role, Stage
from notifications.models import Preference
from proofs.permissions import world as worlds
from proofs.permissions.doors.naming import open_slot
from proofs.permissions.world import Target, World
from reviews import actions as reviews
from reviews.models import SignOff


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
    slot = open_slot(target.row, "")
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
    owner = world.extras["owner"]
    initiatives.accept(ownership=_asked_as_imported(owner), by=owner, at=timezone.now())


def _silent(target: Target, world: World) -> None:
    """Somebody is said to own what came in quiet, and has not answered."""
    _asked_as_imported(world.extras["stand_in"])


def _asked_as_imported(person: Person) -> Ownership:
    row, at = worlds.imported_pilot(), timezone.now()
    initiatives.start_counting(by=None, at=at, initiatives=[row.pk])
    return initiatives.ask(initiative=row, role=Role.SPONSOR, person=person, by=None, at=at)


def _chose(channel: str) -> Callable[[Target, World], None]:
    """Everybody did, so that there is something to go back from."""

    def choose(target: Target, world: World) -> None:
        for person in Person.objects.all():
            Preference.objects.create(person=person, topic="health", channel=channel, pace="off")

    return choose


FIRST: dict[str, Callable[[Target, World], None]] = {
    "mails:reset": _chose("email"),
    "mails:reset_chat": _chose("chat"),
    "campaign:chase": _silent,
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
