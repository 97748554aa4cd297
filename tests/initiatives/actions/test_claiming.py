from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import TestCase

from accounts import actions as people
from accounts.models import Person
from audit.models import Event
from audit.refusals import Refused
from initiatives import actions
from initiatives.models import Initiative, Ownership
from initiatives.stages import Role, Stage
from tests.factories import NOON, make_declared, make_lead, make_person

LATER = NOON + timedelta(days=1)


class Asked(TestCase):
    """Somebody is said to own three systems, one of them in two roles."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.owner = make_person(name="Olga Owner")
        cls.other = make_person(name="Bo Other")
        cls.rows = [
            make_declared(by=cls.lead, name=name, stage=Stage.PRODUCTION)
            for name in ("Letters", "Invoices", "Calls")
        ]
        for row in cls.rows:
            cls.ask(row, Role.BUSINESS_OWNER)
        cls.ask(cls.rows[0], Role.SPONSOR)

    @classmethod
    def ask(cls, row, role):
        actions.ask(initiative=row, role=role, person=cls.owner, by=cls.lead, at=NOON)

    def asked(self):
        return list(Ownership.objects.filter(person=self.owner).order_by("pk"))

    def states(self):
        return sorted(row.state for row in Ownership.objects.select_related("person"))


@pytest.mark.embedded
class TestAcceptAll(Asked):
    def accept(self, by=None, rows=None):
        return actions.accept_all(ownerships=rows or self.asked(), by=by or self.owner, at=LATER)

    def test_accepts_all_at_once_and_says_so_of_each(self):
        claimed = self.accept()
        assert (len(claimed.answered), claimed.left) == (4, [])
        assert set(claimed.initiatives) == {row.pk for row in self.rows}
        assert Ownership.objects.counting().count() == 4
        assert Event.objects.filter(kind="ownership.accepted").count() == 4
        assert set(Initiative.objects.values_list("touched_at", flat=True)) == {LATER}

    def test_leaves_what_is_somebody_elses_to_answer(self):
        claimed = self.accept(by=self.other)
        assert (claimed.answered, len(claimed.left)) == ([], 4)
        assert not Ownership.objects.counting().exists()

    def test_leaves_what_was_retired_or_answered_since(self):
        Initiative.objects.filter(pk=self.rows[0].pk).update(stage=Stage.RETIRED)
        rows = self.asked()
        actions.decline(ownership=rows[1], by=self.owner, at=NOON)
        claimed = self.accept(rows=rows)
        assert [row.initiative.name for row in claimed.answered] == ["Calls"]
        assert len(claimed.left) == 3

    def test_changes_nothing_that_was_signed(self):
        before = list(Initiative.objects.values_list("evidence_version", flat=True))
        self.accept()
        assert list(Initiative.objects.values_list("evidence_version", flat=True)) == before

    def test_asks_the_database_as_often_for_many_as_for_one(self):
        one, *others = self.asked()
        with self.assertNumQueries(9):
            self.accept(rows=[one])
        with self.assertNumQueries(9):
            self.accept(rows=others)


@pytest.mark.embedded
class TestDisown(Asked):
    def disown(self, by=None, at=LATER, **said):
        return actions.disown(ownerships=self.asked(), by=by or self.owner, at=at, **said)

    def test_declines_all_and_keeps_what_was_said(self):
        claimed = self.disown(comment="I left claims in March.")
        assert (len(claimed.answered), claimed.left) == (4, [])
        assert self.states() == ["declined"] * 4
        assert {row.comment for row in Ownership.objects.all()} == {"I left claims in March."}

    def test_asks_whoever_is_named_in_the_same_roles_at_the_same_moment(self):
        self.disown(instead=self.other)
        asked = Ownership.objects.filter(person=self.other)
        assert {(row.initiative.name, row.role) for row in asked} == {
            ("Letters", "business_owner"), ("Letters", "sponsor"),
            ("Invoices", "business_owner"), ("Calls", "business_owner"),
        }  # fmt: skip
        assert {(row.asked_by, row.asked_at, row.state) for row in asked} == {
            (self.owner, LATER, "asked")
        }
        kinds = Event.objects.filter(at=LATER).order_by("seq").values_list("kind", flat=True)
        assert list(kinds) == ["ownership.declined"] * 4 + ["ownership.asked"] * 4

    def test_invites_whoever_is_known_by_an_address_alone(self):
        self.disown(email="New.Colleague@example.com", name="Nora New")
        new = Person.objects.get(email="new.colleague@example.com")
        assert (new.name, new.is_invited) == ("Nora New", True)
        assert Ownership.objects.filter(person=new).count() == 4

    def test_asks_whom_an_address_belongs_to_already(self):
        self.disown(email="Bo.Other@example.com")
        assert Ownership.objects.filter(person=self.other).count() == 4

    def refused(self, rule, **said):
        with pytest.raises(Refused) as refusal:
            self.disown(**said)
        assert refusal.value.rule == rule
        assert self.states() == ["asked"] * 4
        return refusal.value

    def test_refuses_oneself(self):
        self.refused("oneself", instead=self.owner)

    def test_refuses_somebody_who_is_no_longer_here(self):
        people.deactivate(person=self.other, by=None, at=NOON)
        self.refused("owner_inactive", instead=self.other)
        assert self.refused("owner_inactive", email=self.other.email).field == "email"

    def test_refuses_whoever_declined_the_same_so_that_nothing_goes_in_rings(self):
        self.disown(instead=self.other)
        given = list(Ownership.objects.filter(person=self.other))
        with pytest.raises(Refused, match="Olga Owner said already that AI-"):
            actions.disown(ownerships=given, instead=self.owner, by=self.other, at=LATER)

    def test_refuses_strangers_and_invites_none(self):
        refusal = self.refused("may_not_invite", email="somebody@elsewhere.example")
        assert "example.com" in refusal.message
        assert not Person.objects.filter(email="somebody@elsewhere.example").exists()

    def test_lets_leads_invite_whom_they_like(self):
        for row in self.asked():
            Ownership.objects.filter(pk=row.pk).update(person=self.lead)
        rows = Ownership.objects.filter(person=self.lead)
        actions.disown(ownerships=rows, email="somebody@elsewhere.example", by=self.lead, at=LATER)
        assert Person.objects.get(email="somebody@elsewhere.example").is_invited

    def test_leaves_what_is_somebody_elses_to_answer(self):
        claimed = self.disown(by=self.other, email="nobody.yet@example.com")
        assert (claimed.answered, len(claimed.left)) == ([], 4)
        assert self.states() == ["asked"] * 4
        assert not Person.objects.filter(email="nobody.yet@example.com").exists()
