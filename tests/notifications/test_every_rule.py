"""One table of all rules: each opens, changes and closes its flag, keeps what is restricted to its
people, is quiet where it has to be, turns at midnight, and goes by the policy in force. What else a
rule says and leaves out stands in its own tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from accounts import actions as people
from accounts.models import Person
from initiatives import actions as initiatives
from initiatives.models import (
    Baseline,
    EvaluationRun,
    ImportedRow,
    Initiative,
    KillCondition,
    Measurement,
    Obligation,
    Ownership,
    StageSpell,
)
from initiatives.models.registry import IN_USE
from initiatives.stages import Role, Stage
from notifications import queries
from notifications.actions import Counted, Planned, checking, sweep
from notifications.actions.sweeping import apply
from notifications.models import Flag, Reminder
from notifications.rules import RULES
from reviews import actions as decisions
from reviews.models import Override, Review, Slot
from reviews.queries import current_policy, standing
from tests import factories
from tests.notifications.scenes import (
    LONG_AGO,
    NOON,
    TODAY,
    found_by,
    make_initiative,
    make_lead,
    make_person,
    make_quiet,
    move,
    open_rules,
    own,
    owned_by_all,
    suspend,
    trip_by_spend,
)
from tests.reviews.scenes import publish_policy, sign, threshold

DAY = timedelta(days=1)
HOUR = 3600
ZONES = ("Pacific/Kiritimati", "America/Los_Angeles")
# What was left to be done is asked for also where it is over, or has not begun.
LEFT_TO_BE_DONE = {"obligation_unconfirmed"}
Change = Callable[[Initiative], object]
Turn = Callable[[Initiative, date], object]
Check = Callable[[str, "Scene", Initiative], None]


@dataclass(frozen=True)
class Scene:
    """A situation that a rule finds today: how it comes about, says something else, and ends.

    `turns` makes it one from the beginning of a day, as `severity`; under `limit`, another text of
    the policy, what turned on `day` is none.
    """

    make: Callable[[type[EveryRule]], Initiative]
    change: Change
    end: Change
    turns: Turn | None = None
    severity: str = ""
    limit: tuple[str, str] | None = None
    day: date = TODAY


def by_day(
    make: Callable[[type[EveryRule]], Initiative],
    turns: Turn,
    end: Change | None = None,
    **more: Any,
) -> Scene:
    """It goes by a day: a day earlier it says another, and it ends where that moves on."""

    def made(world: type[EveryRule]) -> Initiative:
        row = make(world)
        turns(row, TODAY)
        return row

    def earlier(row: Initiative) -> object:
        return turns(row, TODAY - DAY)

    def later(row: Initiative) -> object:
        return turns(row, TODAY + DAY)

    return Scene(made, earlier, end or later, turns, **more)


# --- what happens to an initiative ---


def noon(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(12)))


def put(row: Initiative, **values: Any) -> None:
    Initiative.objects.filter(pk=row.pk).update(**values)


def retire(row: Initiative) -> None:
    """As a decision leaves it: what was open is closed."""
    Review.objects.filter(initiative=row, closed_at=None).update(
        closed_at=NOON, closing=Review.Closing.WITHDRAWN
    )
    put(row, stage=Stage.RETIRED, lapsed_at=None, **IN_USE)


def due(days: int) -> Turn:
    """It is to be decided so many days after the one on which the rule turns."""
    return lambda row, day: move(row, day + days * DAY)


def catch_up(days: int) -> Turn:
    return lambda row, day: put(
        row, caught_up_at=None, counting_since=noon(day + (days - 90) * DAY)
    )


def measure(value: int, **more: Any) -> Change:
    def measured(row: Initiative) -> object:
        return factories.make_measurement(metric=row.metrics.get(), value=value, at=NOON, **more)

    return measured


def review_of(row: Initiative) -> Review:
    return Review.objects.get(initiative=row)


def sign_as(key: str) -> Change:
    """The sponsor, or the business owner, of the review signs it."""
    return lambda row: sign(review_of(row), key, row.ownerships.get(role=key).person)


def slot_of(quorum: int) -> Change:
    """So many of compliance are to sign."""
    return lambda row: Slot.objects.filter(review=review_of(row), key="compliance").update(
        quorum=quorum
    )


# --- how each comes about ---


def pilot(world: type[EveryRule], **more: Any) -> Initiative:
    owners = owned_by_all(world.owner) | more
    return make_initiative(world.lead, due=TODAY + 40 * DAY, **owners)


def system(world: type[EveryRule], **more: Any) -> Initiative:
    owners = owned_by_all(world.owner, Stage.PRODUCTION) | more
    return make_initiative(world.lead, stage=Stage.PRODUCTION, **owners)


def lapsed(world: type[EveryRule]) -> Initiative:
    row = pilot(world)
    put(row, decision_date=TODAY - 15 * DAY, lapsed_at=NOON)
    return row


def tripped(world: type[EveryRule]) -> Initiative:
    row = pilot(world)
    trip_by_spend(row)
    return row


def suspended(world: type[EveryRule]) -> Initiative:
    row = system(world)
    suspend(row, world.lead)
    return row


def without_its_sponsor(world: type[EveryRule]) -> Initiative:
    gone = make_person("Gus Gone")
    row = system(world, sponsor=gone)
    people.deactivate(person=gone, by=None, at=NOON)
    return row


def back_again(row: Initiative) -> None:
    gone = row.ownerships.get(role=Role.SPONSOR).person
    people.reactivate(person=gone, by=None, at=NOON + DAY)


def left_by_one(world: type[EveryRule]) -> Initiative:
    return pilot(world, engineering_owner=make_person("Lia Leaver"))


def with_a_new_sponsor(world: type[EveryRule]) -> Initiative:
    row = pilot(world)
    Baseline.objects.create(initiative=row, version=1, charter={}, in_force_since=LONG_AGO)
    return row


def measured(value: int, make: Any = system, sample: int = 100, **values: Any) -> Any:
    def made(world: type[EveryRule]) -> Initiative:
        row: Initiative = make(world)
        metric = factories.make_metric(initiative=row, **values)
        factories.make_measurement(metric=metric, value=value, sample_size=sample, at=NOON - DAY)
        return row

    return made


def evaluated(world: type[EveryRule]) -> Initiative:
    row = measured(40 * 60)(world)
    known = factories.make_evaluation_set(metric=row.metrics.get(), at=NOON)
    factories.make_run(evaluation_set=known, at=NOON)
    return row


def spent(world: type[EveryRule]) -> Initiative:
    row = pilot(world)
    put(row, pilot_budget=100)
    spend(row)
    return row


def spend(row: Initiative) -> object:
    return initiatives.record_spend(initiative=row, amount=150, spent_on=TODAY, by=None, at=NOON)


def owing(kind: str, **more: Any) -> Any:
    def made(world: type[EveryRule]) -> Initiative:
        row = pilot(world)
        initiatives.owe(
            row, kind=kind, what="Every key is revoked.", assignee=world.assignee,
            due_date=TODAY, by=None, at=LONG_AGO, **more,
        )  # fmt: skip
        return row

    return made


def said_to_be_in_production(world: type[EveryRule]) -> Initiative:
    row = pilot(world)
    ImportedRow.objects.create(
        initiative=row, source="Inventory", identity="7", values={"stage": "production"},
        original={}, row_number=2, file_name="inventory.csv", imported_at=NOON,
    )  # fmt: skip
    return row


def said(**values: Any) -> Change:
    return lambda row: ImportedRow.objects.filter(initiative=row).update(**values)


def extended_twice(world: type[EveryRule]) -> Initiative:
    row = pilot(world)
    extended(2)(row)
    return row


def extended(times: int) -> Change:
    return lambda row: StageSpell.objects.filter(initiative=row).update(extensions=times)


def reviewed(world: type[EveryRule]) -> Initiative:
    row = factories.make_ready_for_charter(cast=world.cast)
    factories.make_review(initiative=row, by=world.cast.business_owner, at=NOON - DAY)
    return row


def complete(world: type[EveryRule]) -> Initiative:
    row = factories.make_ready_for_charter(cast=world.cast)
    factories.make_signed_review(initiative=row, cast=world.cast, at=NOON - DAY)
    decisions.judge(at=NOON)
    return row


def signed_before_it_changed(world: type[EveryRule]) -> Initiative:
    row = factories.make_ready_for_charter(cast=world.cast)
    factories.make_review(initiative=row, by=world.cast.lead, at=NOON - DAY)
    for key in ("sponsor", "business_owner"):
        sign_as(key)(row)
    threshold(row, 40 * 60, world.cast.lead)
    decisions.notice_changes(at=NOON)
    return row


def nobody_can_sign(world: type[EveryRule]) -> Initiative:
    row = reviewed(world)
    slot_of(99)(row)
    return row


def set_aside(world: type[EveryRule]) -> Initiative:
    """Something of a gate that was passed under an override, and is not met yet."""
    row = reviewed(world)
    put(row, process="")
    review = review_of(row)
    unmet = standing(review, TODAY).overridable[0].criterion.key
    Override.objects.create(
        review=review, criteria=[unmet], reason="It comes later.", expires_on=TODAY,
        asked_by=world.lead, asked_at=LONG_AGO, countersigned_by=world.owner,
        countersigned_at=LONG_AGO, snapshot=review.snapshot, meaning="I agree.",
        authentication_method="password", authenticated_at=LONG_AGO,
    )  # fmt: skip
    Review.objects.filter(pk=review.pk).update(closed_at=NOON, closing=Review.Closing.DECIDED)
    return row


def of_override(days: int) -> Turn:
    return lambda row, day: Override.objects.filter(review__initiative=row).update(
        expires_on=day + days * DAY
    )


def met(row: Initiative) -> object:
    return Override.objects.filter(review__initiative=row).update(regularised_at=NOON)


def of_obligation(row: Initiative, day: date) -> object:
    return Obligation.objects.filter(initiative=row).update(due_date=day - DAY)


def confirmed(row: Initiative) -> object:
    given = Obligation.objects.get(initiative=row)
    return initiatives.confirm_obligation(obligation=given, by=given.assignee, at=NOON)


def leaves(row: Initiative, day: date) -> object:
    held = row.ownerships.filter(role=Role.ENGINEERING_OWNER)
    return Person.objects.filter(pk__in=held.values("person")).update(leaves_on=day + 30 * DAY)


def accepted(row: Initiative, day: date) -> object:
    held = Ownership.objects.filter(initiative=row, role=Role.SPONSOR)
    return held.update(accepted_at=noon(day - 15 * DAY))


def emptied(role: str) -> Change:
    return lambda row: row.ownerships.filter(role=role).update(ended_at=NOON)


def held_by_somebody(role: str) -> Change:
    return lambda row: own(row, role, make_person(f"New {role}"), NOON)


# --- the table ---


FACTOR, PATIENT = "measurement_stale_factor = 1.5", "measurement_stale_factor = 2"
FIRST_REMINDER = ("owner_days_before = [14, 3, 0]", "owner_days_before = [7, 3, 0]")
LEAVES = ("leaving_days_before = [30, 14, 7]", "leaving_days_before = [15, 7]")
SIGNS = ("statement_days = 14", "statement_days = 21")
ENDS = ("override_days_before = [7]", "override_days_before = [3]")
LAPSES = ("lapse_days = 14", "lapse_days = 3")
ADOPTION = {
    "name": "Weekly users", "kind": "adoption", "is_primary": False, "unit_kind": "count",
    "unit": "people", "direction": "higher", "baseline": 0, "threshold": 20, "target": 30,
}  # fmt: skip

SCENES: dict[str, Scene] = {
    "kill_condition_tripped": Scene(
        tripped,
        lambda row: KillCondition.objects.filter(initiative=row).update(tripped_because="It errs"),
        lambda row: KillCondition.objects.filter(initiative=row).update(
            state=KillCondition.State.WAIVED, waived_until=TODAY
        ),
    ),
    "decision_lapsed": Scene(
        lapsed,
        lambda row: put(row, decision_date=TODAY - 16 * DAY),
        lambda row: put(row, decision_date=TODAY, lapsed_at=None),
    ),
    "override_expired": by_day(set_aside, of_override(-1), met),
    "decision_overdue": by_day(pilot, due(-1), limit=LAPSES, day=TODAY - 5 * DAY),
    "suspended": by_day(
        suspended,
        lambda row, day: put(row, suspended_until=day - DAY),
        lambda row: put(row, **IN_USE),
        severity="critical",
    ),
    "unowned": Scene(
        lambda world: make_initiative(world.lead, business_owner=world.owner, sponsor=world.owner),
        emptied(Role.SPONSOR),
        lambda row: [held_by_somebody(role)(row) for role in (Role.SPONSOR, "engineering_owner")],
    ),
    "sponsor_gone": Scene(without_its_sponsor, back_again, held_by_somebody(Role.SPONSOR)),
    "below_baseline": Scene(measured(5 * HOUR), measure(6 * HOUR), measure(40 * 60)),
    "leaving": by_day(left_by_one, leaves, limit=LEAVES),
    "statement_unsigned": by_day(
        with_a_new_sponsor, accepted, emptied(Role.SPONSOR), severity="critical", limit=SIGNS
    ),
    "condition_overdue": by_day(owing("condition", gate="charter"), of_obligation, confirmed),
    "obligation_unconfirmed": by_day(owing("access"), of_obligation, confirmed),
    "recertification_overdue": by_day(system, due(-1), limit=LAPSES, day=TODAY - 5 * DAY),
    "catch_up_overdue": by_day(pilot, catch_up(-1), limit=("standard = 90", "standard = 120")),
    "slot_unfillable": Scene(nobody_can_sign, slot_of(98), slot_of(1)),
    "sign_off_overdue": by_day(
        reviewed,
        lambda row, day: Review.objects.filter(initiative=row).update(due_date=day - DAY),
    ),
    "below_threshold": Scene(measured(HOUR), measure(2 * HOUR), measure(40 * 60)),
    "adoption_below_floor": Scene(measured(19, **ADOPTION), measure(18), measure(20)),
    "measurement_stale": by_day(
        measured(40 * 60),
        lambda row, day: Measurement.objects.filter(metric__initiative=row).update(
            measured_at=noon(day - 46 * DAY)
        ),
        limit=(FACTOR, PATIENT),
    ),
    "over_budget": Scene(spent, spend, lambda row: put(row, pilot_budget=1_000)),
    "override_expiring": by_day(set_aside, of_override(7), limit=ENDS),
    "ahead_of_its_gate": Scene(
        said_to_be_in_production, said(file_name="new.csv"), said(values={"stage": "pilot"})
    ),
    "decision_ready": Scene(
        complete,
        lambda row: Review.objects.filter(initiative=row).update(gate="go_live"),
        lambda row: Review.objects.filter(initiative=row).update(
            closed_at=NOON, closing=Review.Closing.WITHDRAWN
        ),
    ),
    "threshold_reached": Scene(measured(45 * 60, pilot), measure(60), measure(HOUR)),
    "catch_up_near": by_day(pilot, catch_up(14), limit=FIRST_REMINDER),
    "decision_near": by_day(pilot, due(14), limit=FIRST_REMINDER),
    "recertification_near": by_day(
        system,
        due(60),
        limit=(
            "recertification_days_before = [60, 30, 7]",
            "recertification_days_before = [30, 7]",
        ),
    ),
    "extension_cap_reached": Scene(
        extended_twice, lambda row: move(row, TODAY + 9 * DAY), extended(1)
    ),
    "stalled": by_day(
        pilot,
        lambda row, day: put(row, touched_at=noon(day - 21 * DAY)),
        limit=("stalled_days = 21", "stalled_days = 40"),
    ),
    "sign_off_stale": Scene(
        signed_before_it_changed, sign_as("sponsor"), sign_as("business_owner")
    ),
    "evaluation_stale": by_day(
        evaluated,
        lambda row, day: EvaluationRun.objects.filter(evaluation_set__initiative=row).update(
            ran_on=day - 181 * DAY
        ),
        limit=("evaluation_stale_days = 180", "evaluation_stale_days = 365"),
    ),
}


class EveryRule(TestCase):
    """One initiative for each rule, all in one portfolio."""

    @classmethod
    def setUpTestData(cls):
        cls.lead, cls.owner = make_lead("Ada Lead"), make_person("Olga Owner")
        cls.assignee, cls.outsider = make_person("Asa Assignee"), make_person("Otto Outsider")
        cls.cast = factories.make_cast()
        cls.rows = {}
        for number, (name, scene) in enumerate(SCENES.items()):
            cls.rows[name] = row = scene.make(cls)
            put(row, name=f"Initiative {number} of {name}")

    def each(self, check: Check, which: Callable[[Scene], object] = bool) -> None:
        """Look at each of those scenes by itself: what is done to it is undone for the next."""
        for name, scene in SCENES.items():
            if which(scene):
                with self.subTest(rule=name), transaction.atomic():
                    check(name, scene, Initiative.objects.get(pk=self.rows[name].pk))
                    transaction.set_rollback(True)

    def found(self, name: str, day: date = TODAY) -> int:
        """How often its own initiative is found, as severe as its scene says."""
        severity = SCENES[name].severity or RULES[name].severity
        mine = [f for f in found_by(name, day) if f.initiative_id == self.rows[name].pk]
        return sum(finding.severity == severity for finding in mine)


class TestTheTable(EveryRule):
    def test_is_whole(self):
        assert SCENES.keys() == RULES.keys()

    def test_opens_updates_and_closes_each_flag(self):
        self.each(self.opens_updates_and_closes)

    def opens_updates_and_closes(self, name, scene, row):
        def swept():
            return apply(name, Initiative.objects.filter(pk=row.pk), current_policy(), NOON)

        assert swept() == Counted(opened=1, open=1)
        assert swept() == Counted(open=1)
        scene.change(row)
        assert swept() == Counted(updated=1, open=1)
        scene.end(row)
        assert swept() == Counted(closed=1)

    def test_leaves_out_what_is_quiet_after_an_import(self):
        self.each(self.is_found_until(make_quiet))

    def test_leaves_out_what_is_retired(self):
        self.each(self.is_found_until(retire))

    def is_found_until(self, change):
        def check(name, scene, row):
            assert self.found(name) == 1
            change(row)
            assert self.found(name) == (name in LEFT_TO_BE_DONE)

        return check

    def test_turns_at_midnight_where_the_organisation_is(self):
        for zone in ZONES:
            with self.settings(TIME_ZONE=zone):
                self.each(self.turns_at_midnight, lambda scene: scene.turns)

    def turns_at_midnight(self, name, scene, row):
        scene.turns(row, TODAY)
        midnight = timezone.make_aware(datetime.combine(TODAY, time()))
        before = midnight - timedelta(minutes=1)
        assert self.found(name, timezone.localdate(before)) == 0
        assert self.found(name, timezone.localdate(midnight)) == 1

    def test_follows_another_policy(self):
        self.each(self.follows_another_policy, lambda scene: scene.limit)

    def follows_another_policy(self, name, scene, row):
        scene.turns(row, scene.day)
        assert self.found(name) == 1
        publish_policy(lambda text: text.replace(*scene.limit))
        assert self.found(name) == 0

    def test_finds_nothing_wrong_with_a_policy_that_reminds_of_nothing_beforehand(self):
        publish_policy(lambda text: re.sub(r"(_before|_after) = \[.*\]", r"\1 = []", text))
        assert max(current_policy().reminders.owner_days_before, default=None) is None
        sweep(at=NOON)
        assert Flag.objects.open().filter(rule="decision_overdue").exists()


class TestRestricted(EveryRule):
    """All of it is restricted, and somebody looks who has no part in it."""

    def setUp(self):
        Initiative.objects.update(is_restricted=True)
        sweep(at=NOON, trips=False)
        self.client.force_login(self.outsider)

    def test_shows_outsiders_nothing(self):
        assert queries.counts(self.outsider) == {}
        assert not queries.open_flags(self.outsider).exists()
        pages = ("notifications:attention", "initiatives:list", "portfolio:dashboard")
        self.pages = [self.client.get(reverse(name)).content.decode() for name in pages]
        self.counted = queries.counts(self.lead)
        self.each(self.is_hidden)

    def is_hidden(self, name, scene, row):
        assert self.counted[name] >= 1
        assert name in open_rules(row)
        assert not any(row.name in page for page in self.pages)
        assert self.client.get(row.get_absolute_url()).status_code == 404

    def test_reminds_nobody_who_may_not_hear_of_it_and_nobody_twice(self):
        owed = list(Reminder.objects.owed().select_related("recipient"))
        assert {reminder.recipient for reminder in owed} >= {self.lead, self.assignee}
        assert checking.undue(owed, NOON) == set()
        again = sweep(at=NOON, trips=False)
        assert again.reminders == Planned()
        assert {name for name, c in again.rules.items() if c != Counted(open=c.open)} == set()
