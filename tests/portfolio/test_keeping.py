"""What is kept between requests is never older than what happened; these tests commit."""

from __future__ import annotations

from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext

from accounts import actions as people
from audit import queries as audit
from audit.models import Event
from initiatives import actions
from initiatives.models import Ownership
from initiatives.stages import Role
from portfolio.queries import dashboard, keeping
from tests.factories import (
    NOON,
    TODAY,
    fresh,
    make_declared,
    make_lead,
    make_measurement,
    make_metric,
    make_owner,
    make_person,
)

MOST_QUERIES = 12


class Kept(TransactionTestCase):
    def setUp(self):
        cache.clear()
        self.addCleanup(cache.clear)
        self.lead = make_lead()
        self.ida, self.ole = make_person(name="Ida Voss"), make_person(name="Ole Brandt")
        self.radar = make_declared(by=self.lead)
        for role in (Role.BUSINESS_OWNER, Role.PRODUCTION_OWNER):
            make_owner(initiative=self.radar, role=role, person=self.ida, by=self.lead)
        self.metric = make_metric(initiative=self.radar, by=self.lead)

    def load(self, person=None):
        with CaptureQueriesContext(connection) as queries:
            found = dashboard.load(fresh(person or self.lead), TODAY)
        self.queries = [query["sql"] for query in queries]
        return found

    def has_counted_owners(self):
        return any("initiatives_ownership" in sql for sql in self.queries)


class TestTheDashboard(Kept):
    def test_is_kept_while_nothing_happens(self):
        self.load()
        needed = len(self.queries)
        assert self.load() == self.load()
        assert len(self.queries) < needed <= MOST_QUERIES

    def test_is_computed_when_something_happens(self):
        assert self.load().total == 1
        make_declared(by=self.lead, name="Letter sorter")
        assert self.load().total == 2

    def test_is_each_persons_own(self):
        actions.restrict(initiative=self.radar, is_restricted=True, by=self.lead, at=NOON)
        assert (self.load().total, self.load(self.ole).total) == (1, 0)

    def test_counts_a_deactivation_at_once(self):
        assert self.load().unowned == 0
        people.deactivate(person=self.ida, by=None, at=NOON)
        assert self.load().unowned == 1

    def test_counts_a_deactivation_by_raw_sql_at_once(self):
        assert self.load().unowned == 0
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE accounts_person SET is_active = %s WHERE id = %s", [False, self.ida.pk]
            )
        assert self.load().unowned == 1


class TestTheCountOfTheUnowned(Kept):
    def end(self):
        held = Ownership.objects.filter(role=Role.PRODUCTION_OWNER).get()
        actions.end_ownership(ownership=held, by=self.lead, at=NOON)

    def test_holds_on_while_only_measurements_follow(self):
        self.load()
        assert self.has_counted_owners()
        make_measurement(metric=self.metric, value=50, at=NOON)
        assert self.load().unowned == 0
        assert not self.has_counted_owners()

    def test_is_taken_anew_when_an_owner_leaves(self):
        self.load()
        self.end()
        assert self.load().unowned == 1
        assert self.has_counted_owners()

    def test_is_taken_anew_when_measurements_follow_what_an_owner_did(self):
        self.load()
        self.end()
        make_measurement(metric=self.metric, value=50, at=NOON)
        assert self.load().unowned == 1

    def test_is_taken_anew_once_only(self):
        self.load()
        self.end()
        self.load()
        make_measurement(metric=self.metric, value=50, at=NOON)
        assert self.load().unowned == 1
        assert not self.has_counted_owners()

    def test_is_each_persons_own(self):
        actions.restrict(initiative=self.radar, is_restricted=True, by=self.lead, at=NOON)
        self.end()
        assert (self.load().unowned, self.load(self.ole).unowned) == (1, 0)

    def test_knows_only_kinds_that_exist(self):
        actions.answer_triage(
            initiative=self.radar, answers={"personal_data": True}, by=self.lead, at=NOON
        )
        make_measurement(metric=self.metric, value=50, at=NOON)
        said = set(Event.objects.values_list("kind", flat=True))
        assert {"metric.defined", "initiative.triaged", "measurement.recorded"} <= (
            said & keeping.CHANGES_NO_OWNER
        )


class TestUnchangedSince(Kept):
    def test_sees_every_kind_but_those_named(self):
        head = audit.head()
        assert audit.unchanged_since(head, but_for=())
        make_measurement(metric=self.metric, value=50, at=NOON)
        assert audit.unchanged_since(head, but_for={"measurement.recorded"})
        assert not audit.unchanged_since(head, but_for={"spend.recorded"})

    def test_does_not_take_another_log_for_its_own(self):
        head = audit.head()
        assert not audit.unchanged_since(audit.Head(head.seq, "f" * 64), but_for=())
        assert not audit.unchanged_since(audit.Head(head.seq + 5, head.hash), but_for=())
