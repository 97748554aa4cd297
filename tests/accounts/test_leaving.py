from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import TestCase

from accounts import actions
from accounts.models import Person
from tests.accounts.expectations import last_event, nothing_said, refused
from tests.factories import (
    NOON,
    TODAY,
    fresh,
    make_administrator,
    make_lead,
    make_person,
    make_unit,
)

DAY = timedelta(days=1)
SOON = TODAY + 10 * DAY


class Leaves(TestCase):
    """Ada, the head of her unit, and an administrator."""

    @classmethod
    def setUpTestData(cls):
        cls.admin = make_administrator()
        cls.head = make_person(name="Hedda Head")
        cls.unit = make_unit()
        cls.unit.head = cls.head
        cls.unit.save()
        cls.ada = make_person(unit=cls.unit)

    def record(self, day=SOON, by=None, person=None, at=NOON):
        return actions.record_leaving(
            person=person or self.ada, day=day, by=by or self.admin, at=at
        )


@pytest.mark.embedded
class TestRecordLeaving(Leaves):
    def test_is_for_themself_the_head_of_their_unit_and_administrators(self):
        for days, by in enumerate((self.ada, self.head, self.admin)):
            self.record(SOON + days * DAY, by=by)
            assert fresh(self.ada).leaves_on == SOON + days * DAY

    def test_leaves_them_active(self):
        self.record()
        assert fresh(self.ada).is_active
        assert fresh(self.ada).is_leaving

    def test_says_who_said_it_of_whom(self):
        self.record(by=self.head)
        event = last_event()
        assert (event.kind, event.subject) == ("person.leaving", f"person:{self.ada.pk}")
        assert event.actor_id == self.head.pk
        assert event.changed == {"person": self.ada.pk, "day": SOON.isoformat()}

    def test_takes_it_back(self):
        self.record()
        self.record(None)
        assert fresh(self.ada).leaves_on is None
        assert last_event().kind == "person.staying"

    def test_says_nothing_where_nothing_changes(self):
        self.record()
        with nothing_said():
            self.record()

    def test_takes_today(self):
        self.record(TODAY)
        assert fresh(self.ada).leaves_on == TODAY

    def test_refuses_a_day_that_is_over(self):
        with refused("over", field="day"):
            self.record(TODAY - DAY)

    def test_refuses_colleagues_and_leads(self):
        for by in (make_person(name="Bo Brandt", unit=self.unit), make_lead()):
            with refused("not_theirs"):
                self.record(by=by)
        assert fresh(self.ada).leaves_on is None

    def test_refuses_the_head_of_another_unit(self):
        other = make_unit(name="Elsewhere")
        stranger = make_person(name="Stina Stranger")
        other.head = stranger
        other.save()
        with refused("not_theirs"):
            self.record(by=stranger)

    def test_refuses_a_head_who_has_left(self):
        actions.deactivate(person=self.head, by=self.admin, at=NOON)
        with refused("not_theirs"):
            self.record(by=fresh(self.head))

    def test_refuses_whoever_is_inactive(self):
        actions.deactivate(person=self.ada, by=self.admin, at=NOON)
        with refused("already_inactive"):
            self.record()


@pytest.mark.embedded
class TestDeactivateLeavers(Leaves):
    def after(self, at):
        actions.deactivate_leavers(at=at)
        return not fresh(self.ada).is_active

    def test_waits_until_the_last_day_is_over(self):
        self.record(TODAY)
        assert not self.after(NOON)
        assert self.after(NOON + DAY)

    def test_counts_days_where_the_organisation_is(self):
        self.record(TODAY)
        midnight = datetime(2026, 3, 3, tzinfo=UTC)
        with self.settings(TIME_ZONE="America/Los_Angeles"):
            assert not self.after(midnight + timedelta(hours=7, minutes=59))
            assert self.after(midnight + timedelta(hours=8))

    def test_leaves_alone_whose_day_is_not_known(self):
        assert not self.after(NOON + 400 * DAY)

    def test_is_said_to_be_done_by_nobody_and_dates_it(self):
        self.record(TODAY)
        assert actions.deactivate_leavers(at=NOON + DAY) == 1
        event = last_event()
        assert (event.kind, event.actor_id) == ("person.deactivated", None)
        assert event.subject == f"person:{self.ada.pk}"
        assert fresh(self.ada).inactive_since == NOON + DAY

    def test_does_it_once(self):
        self.record(TODAY)
        actions.deactivate_leavers(at=NOON + DAY)
        with nothing_said():
            assert actions.deactivate_leavers(at=NOON + 2 * DAY) == 0

    def test_leaves_alone_whoever_was_let_back_in(self):
        self.record(TODAY)
        actions.deactivate_leavers(at=NOON + DAY)
        actions.reactivate(person=self.ada, by=self.admin, at=NOON + 2 * DAY)
        assert fresh(self.ada).leaves_on is None
        assert not self.after(NOON + 3 * DAY)

    def test_takes_all_whose_day_is_over(self):
        other = make_person(name="Bo Brandt")
        for person in (self.ada, other):
            self.record(TODAY, person=person)
        assert actions.deactivate_leavers(at=NOON + DAY) == 2
        assert not Person.objects.filter(pk__in=[self.ada.pk, other.pk], is_active=True).exists()
