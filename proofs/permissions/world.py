"""Who asks, and about what: one person for each column of the matrix, and for each stage an
initiative that everybody sees, one that is restricted, and one whose groups are asked to sign."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.authentication import Authentication
from accounts.models import Group, Person
from audit.refusals import Refused
from initiatives import actions as initiatives
from initiatives.actions import uploads
from initiatives.models import HandOver, Initiative, Metric, OpenToGroup, Ownership
from initiatives.stages import Role, Stage
from initiatives.triage import QUESTIONS
from notifications import actions as notifications
from notifications.models import Calendar, Channel, Flag, Message, Reminder
from notifications.sealing import sealed
from portfolio import demo
from portfolio.stories.deeds import restricted
from portfolio.stories.gates import Outcome, asked_for, decided, killed
from portfolio.stories.people import LEAVER
from portfolio.stories.proposals import POLICY_QUESTIONS
from portfolio.stories.story import Deed, Scene, Story
from proofs import visiting
from reviews import actions as reviews
from reviews import belongings, queries
from reviews.models import Override, PolicyDraft, Review, SignOff, Slot

# The columns of the matrix, and who stands for each; nobody of them plays a second part.
PEOPLE = {
    "anonymous": None,
    "member": "bram.dekker",
    "owner": "lena.fisk",
    "sponsor": "sofia.marin",
    "security": "samuel.okoye",
    "compliance": "helene.marchand",
    "lead": "martin.holt",
    "auditor": "beatrix.lund",
    "administrator": "niamh.corrigan",
}
# Somebody who holds the same roles on another initiative fares as a member does.
ELSEWHERE = "amara.diallo"
OPEN, ASKED, HIDDEN = "open", "asked", "hidden"
OWN = ("owner", "sponsor")
GROUPS = (Group.SECURITY, Group.COMPLIANCE)
INVENTORY = b"Use case,Status,Owner\nSpeech to text,Pilot,somebody@elsewhere.example\n"


@dataclass(frozen=True)
class Asker:
    """A person in a column of the matrix, with a session of theirs."""

    column: str
    person: Person | None
    session: str
    is_elsewhere: bool = False

    def __str__(self) -> str:
        return f"{self.column}, of another initiative" if self.is_elsewhere else self.column

    def meets(self, seen: str) -> bool:
        """Whether this asker is tried on such an initiative."""
        if self.person is None or self.is_elsewhere:
            return seen == OPEN
        if self.column in (*OWN, *GROUPS):
            return True
        return seen != (HIDDEN if self.column in ("member", "administrator") else ASKED)


@dataclass(frozen=True)
class Target:
    """An initiative, or what belongs to none."""

    stage: str = ""
    seen: str = OPEN
    initiative: Initiative | None = None

    def __str__(self) -> str:
        return f"{self.stage} ({self.seen})" if self.initiative else "nobody's"

    @property
    def row(self) -> Initiative:
        assert self.initiative is not None
        return self.initiative

    def is_invisible_to(self, asker: Asker) -> bool:
        """What is restricted, outside its roles, its reviewers, leads and auditors (§7)."""
        if self.seen == OPEN or asker.column in ("lead", "auditor", *OWN):
            return False
        return not (self.seen == ASKED and asker.column in GROUPS)


@dataclass
class World:
    """Everything that is asked for, and by whom."""

    askers: list[Asker] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    extras: dict[str, Any] = field(default_factory=dict)

    def asker(self, column: str) -> Asker:
        return next(a for a in self.askers if a.column == column)

    def person(self, column: str) -> Person:
        found = self.asker(column).person
        assert found is not None
        return found


def build(stages: tuple[str, ...] = tuple(Stage.values)) -> World:
    """Make it through the actions, in a scratch database."""
    demo.load([_story(stage, seen) for stage in stages for seen in (OPEN, ASKED, HIDDEN)])
    Person.objects.update(password=make_password(secrets.token_urlsafe()))
    world = World()
    world.askers = list(_askers())
    rows = iter(Initiative.objects.order_by("pk"))
    for stage in stages:
        for seen in (OPEN, ASKED, HIDDEN):
            row = next(rows)
            _complete(row, seen, world)
            target = Target(stage, seen, Initiative.objects.get(pk=row.pk))
            assert target.row.stage == stage, f"{target} is in {target.row.stage}"
            world.targets.append(target)
    _beside(world)
    return world


def narrowed(world: World) -> World:
    """The same with one stage alone: enough to see that a guard is gone."""
    pilots = [target for target in world.targets if target.stage == Stage.PILOT]
    return World(world.askers, pilots, world.extras)


def _story(stage: str, seen: str) -> Story:
    """One that passed its charter where the stage lies behind it, and has the pure cast."""
    owners = {
        Role.SPONSOR: PEOPLE["sponsor"],
        Role.BUSINESS_OWNER: PEOPLE["owner"],
        Role.ENGINEERING_OWNER: "leo.fontaine",
        Role.BUDGET_OWNER: "oskar.lind",
    }
    told: dict[str, Any] = {"name": f"{stage} {seen}", "owners": owners}
    proceeds = decided(6, "proceed", "Clear baseline, small scope.")
    kept = _signed_by_all() if seen == OPEN else ()
    ways: dict[str, dict[str, Any]] = {
        Stage.PROPOSAL: {"happened": kept},
        Stage.PILOT: {"happened": (*asked_for(10), *proceeds)},
        Stage.READINESS_REVIEW: {"declared": stage, "running_since": 60, "happened": ()},
        Stage.PRODUCTION: {"declared": stage, "running_since": 60, "happened": ()},
        Stage.RETIRED: {"happened": killed(3, Outcome.PRIORITIES, "Not now.", "Ask earlier.")},
    }
    told |= ways[stage]
    if seen != OPEN:
        told["happened"] = (*restricted(15), *told["happened"])
    return replace(POLICY_QUESTIONS, **told)


def _signed_by_all() -> tuple[Deed, ...]:
    """What was not given yet is pending before it is signed: an ask is evidence too."""
    return (Deed(4.5, lambda scene: _ask_owner(scene)), *asked_for(4))


def _ask_owner(scene: Scene) -> None:
    _pending(scene.initiative, scene.cast.people[str(PEOPLE["owner"])], scene.at)


def _pending(row: Initiative, person: Person, at: Any) -> None:
    """Something that the owner has not answered yet."""
    initiatives.ask(initiative=row, role=Role.DATA_OWNER, person=person, by=None, at=at)


def _askers() -> Iterator[Asker]:
    for column, key in PEOPLE.items():
        if key is None:
            yield Asker(column, None, "")
            continue
        person = Person.objects.get(email=f"{key}@halden.example")
        yield Asker(column, person, visiting.session(person))
    other = Person.objects.get(email=f"{ELSEWHERE}@halden.example")
    made = initiatives.register(name="Of somebody else", by=other, at=timezone.now())
    for role in (Role.SPONSOR, Role.BUSINESS_OWNER):
        asked = initiatives.ask(
            initiative=made, role=role, person=other, by=None, at=timezone.now()
        )
        initiatives.accept(ownership=asked, by=other, at=timezone.now())
    yield Asker("member", other, visiting.session(other), is_elsewhere=True)


def _complete(row: Initiative, seen: str, world: World) -> None:
    """Give it one of everything that an address may be about."""
    at = timezone.now()
    owner = world.person("owner")
    about: dict[str, Any] = {"initiative": row, "by": None, "at": at}
    if row.stage != Stage.PROPOSAL or seen != OPEN:
        with suppress(Refused):
            _pending(row, owner, at)
        with suppress(Refused):
            values = {"question": "Do motor claims work as well?", "owner": owner}
            initiatives.raise_question(values=values, **about)
        with suppress(Refused):
            initiatives.add_document(url="https://example.com/notes", name="Notes", **about)
        metric = Metric.objects.get(initiative=row, is_primary=True)
        with suppress(Refused):
            initiatives.describe_evaluation_set(
                values={
                    "name": "Calls of May",
                    "metric": metric,
                    "size": 400,
                    "verified_by": "two team leads",
                    "location": "https://example.com/set",
                },
                **about,
            )
    _flagged(row, owner, at)
    if seen == ASKED:  # the default policy asks security only where data leaves
        groups = Group.objects.filter(key__in=GROUPS)
        OpenToGroup.objects.bulk_create(
            (OpenToGroup(initiative=row, group=group, opened_at=at) for group in groups),
            ignore_conflicts=True,
        )
    if seen == ASKED or (seen == OPEN and row.stage != Stage.PROPOSAL):
        with suppress(Refused):
            reviews.request_review(initiative=row, by=owner, at=at + timedelta(seconds=1))
        if asked := review(row):
            _answered(asked, world, at + timedelta(seconds=2))


def _flagged(row: Initiative, owner: Person, at: datetime) -> None:
    """Something that can be snoozed, and something that is."""
    said = {"due_date": at.date(), "severity": "notice", "acts": "", "since": at, "opened_at": at}
    Flag.objects.create(initiative=row, rule="stalled", says="Nothing has happened.", **said)
    flag = Flag.objects.create(
        initiative=row, rule="evaluation_stale", says="It ran long ago.", **said
    )
    until = timezone.localdate(at) + timedelta(days=3)
    notifications.snooze(flag=flag, until=until, reason="Next week.", by=owner, at=at)


def _answered(asked: Review, world: World, at: datetime) -> None:
    """What people say to a request: a signature under a condition, one handed on, a question, and
    something to be set aside."""
    owner = world.person("owner")
    slots = {slot.key: slot for slot in asked.slots.select_related("review")}
    if Role.ENGINEERING_OWNER in slots:
        condition = reviews.Condition("The off-switch was tried.", owner, at.date())
        signer = _named("leo.fontaine")
        verdict = SignOff.Verdict.CONDITIONAL
        slot = slots[Role.ENGINEERING_OWNER]
        sign(slot, signer, at=at, verdict=verdict, conditions=[condition])
    reviews.hand_on(
        slot=slots[Role.BUSINESS_OWNER],
        person=_named("oskar.lind"),
        reason="Away for a week.",
        until_date=at.date() + timedelta(days=7),
        by=owner,
        at=at,
    )
    question: dict[str, Any] = {"text": "Who reads the log?", "asked_of": world.person("security")}
    reviews.ask(review=asked, by=world.person("sponsor"), at=at, **question)
    if unmet := queries.standing(asked, timezone.localdate(at)).overridable:
        reviews.ask_for_override(
            review=asked,
            criteria=[unmet[0].criterion.key],
            reason="It comes later.",
            expires_on=at.date() + timedelta(days=14),
            by=world.person("lead"),
            at=at,
        )


def sign(slot: Slot, by: Person, *, at: datetime, verdict: str, **more: Any) -> None:
    """Sign one slot on the evidence as it stands."""
    reviews.sign(
        slot=slot,
        verdict=verdict,
        digest=slot.review.snapshot_id,
        authentication=Authentication("password", at),
        comment="Not like this.",
        by=by,
        at=at,
        **more,
    )


def _named(key: str) -> Person:
    return Person.objects.get(email=f"{key}@halden.example")


def _beside(world: World) -> None:
    """An upload, a draft of the policy by another lead, a light triage to be confirmed, a mail that
    was given up, and something that is said to be dead."""
    at = timezone.now()
    another = Person.objects.get(email="ingrid.vale@halden.example")
    light = initiatives.register(
        name="Light", pilot_budget=5_000, monthly_cost=200, by=another, at=at
    )
    none = dict.fromkeys(QUESTIONS, False)
    initiatives.answer_triage(initiative=light, answers=none, by=another, at=at)
    world.extras["stand_in"], world.extras["owner"] = _named(ELSEWHERE), world.person("owner")
    world.extras["light"], world.extras["lead"] = light.pk, world.person("lead")
    world.extras["upload"] = uploads.upload(
        content=INVENTORY, name="inventory.csv", by=another, at=at
    ).pk
    world.extras["mail"] = Message.objects.create(
        recipient=another,
        is_urgent=True,
        created_at=at,
        next_attempt_at=at,
        state=Message.State.FAILED,
        last_error="550 no such mailbox",
    ).pk
    idle = Initiative.objects.quiet().filter(stage=Stage.PILOT).latest("pk")
    world.extras["dead"] = reviews.ask_to_retire(
        initiative=idle, reason="It is switched off.", by=another, at=at
    ).pk
    _of_oneself(world, at)
    world.extras["left"] = Person.objects.get(email=f"{LEAVER}@halden.example").pk
    world.extras["hand_over"] = _hand_over(world, at).pk
    draft = reviews.start_draft(by=another, at=at)
    text = draft.text.replace("pilot_days = 42", "pilot_days = 30")
    saved = reviews.save_draft(draft=draft, revision=1, text=text, by=another, at=at)
    world.extras["revision"] = saved.revision


def imported_pilot() -> Initiative:
    """One that came in with the demo's list, and is quiet."""
    return Initiative.objects.quiet().filter(stage=Stage.PILOT).earliest("pk")


def _of_oneself(world: World, at: datetime) -> None:
    """A calendar, a channel and a reminder for everybody."""
    for person in (asker.person for asker in world.askers if asker.person):
        token = notifications.make_calendar(kind=Calendar.Kind.OWN, by=person, at=at)
        Channel.objects.create(person=person, sealed=sealed("nowhere"), service="Slack", made_at=at)
        world.extras["token"] = token
        _told(person, at)
    world.extras["reminder"] = Reminder.objects.get(recipient=world.person("owner"), kind="told").pk


def _told(person: Person, at: datetime) -> None:
    Reminder.objects.create(
        kind="told",
        subject="",
        due_date=at.date(),
        step=0,
        recipient=person,
        says="Say how it stands",
        path="/",
        planned_at=at,
    )


def _hand_over(world: World, at: datetime) -> HandOver:
    """Something that the sponsor is asked to take over, by its owner."""
    owner = world.person("owner")
    theirs = next(b for b in belongings.of(owner, seen_by=owner) if not b.asks_hours)
    return reviews.ask_to_take_over(
        giver=owner, receiver=world.person("sponsor"), subjects=[theirs.subject], by=owner, at=at
    )


def pending(row: Initiative) -> Ownership | None:
    return Ownership.objects.open().filter(initiative=row, role=Role.DATA_OWNER).first()


def review(row: Initiative) -> Review | None:
    return Review.objects.open().filter(initiative=row).first()


def incomplete(row: Initiative) -> Review | None:
    """The open review in which an override was asked for."""
    asked = override(row)
    return asked.review if asked else None


def override(row: Initiative) -> Override | None:
    """What a lead asks to be set aside, and a second person has not signed yet."""
    waiting = Override.objects.filter(review__initiative=row, countersigned_at=None, ended_at=None)
    return waiting.select_related("review", "asked_by").first()


def draft() -> PolicyDraft:
    return PolicyDraft.objects.get(state=PolicyDraft.State.OPEN)
