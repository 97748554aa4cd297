from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import TestCase

from accounts.models import Person
from audit.models import Event
from initiatives import actions
from initiatives.models import Initiative
from initiatives.stages import Role, Stage
from tests.accounts.expectations import last_event, refused
from tests.factories import (
    NOON,
    TODAY,
    fresh,
    make_declared,
    make_group_member,
    make_lead,
    make_owner,
    make_person,
    make_triage,
    reloaded,
    silence,
)
from tests.initiatives.actions.changes import leaves_alone, only_touches

BECAUSE = "It is classed as prohibited."


class Running(TestCase):
    """A system in production with an owner, and compliance."""

    @classmethod
    def setUpTestData(cls):
        cls.lead, cls.pia = make_lead(), make_person(name="Pia Production")
        cls.cleo = make_group_member(group="compliance", name="Cleo Compliance")
        cls.initiative = make_declared(by=cls.lead)
        cls.owned = make_owner(
            initiative=cls.initiative, role=Role.PRODUCTION_OWNER, person=cls.pia
        )
        make_triage(initiative=cls.initiative)

    def suspend(self):
        reloaded(self.initiative).suspend(because="It errs.", by=self.lead, at=NOON)

    def confirm_off(self, by=None):
        return actions.confirm_off(initiative=self.initiative, by=fresh(by or self.pia), at=NOON)

    def forbid(self, legal_class="prohibited"):
        actions.confirm_triage(
            initiative=self.initiative, level="full", legal_class=legal_class,
            because="Article 5.", by=self.cleo, at=NOON,
        )  # fmt: skip

    def kinds(self):
        return list(Event.objects.order_by("seq").values_list("kind", flat=True))


@pytest.mark.embedded
class TestConfirmOff(Running):
    def setUp(self):
        self.suspend()

    def test_keeps_who_made_sure_and_when(self):
        with only_touches(self.initiative):
            self.confirm_off()
        row = reloaded(self.initiative)
        assert (row.off_confirmed_at, row.off_confirmed_by) == (NOON, self.pia)
        assert row.is_suspended

    def test_says_so_in_the_log(self):
        self.confirm_off()
        event = last_event()
        assert (event.kind, event.actor_id) == ("initiative.off_confirmed", self.pia.pk)
        assert event.subject == f"initiative:{self.initiative.pk}"

    def test_is_any_owners_or_a_leads(self):
        data = make_person(name="Dora Data")
        make_owner(initiative=self.initiative, role=Role.DATA_OWNER, person=data)
        for person in (data, self.lead, self.pia):
            self.confirm_off(person)
            now = {"off_confirmed_at": None, "off_confirmed_by": None}
            Initiative.objects.filter(pk=self.initiative.pk).update(**now)

    def test_is_nobody_elses(self):
        security = make_group_member(group="security", name="Sia Security")
        for person in (self.cleo, security, make_person(name="Otto Outsider")):
            with refused("not_an_owner"), leaves_alone(self.initiative):
                self.confirm_off(person)

    def test_is_not_theirs_who_have_left(self):
        for person in (self.pia, self.lead):
            Person.objects.filter(pk=person.pk).update(is_active=False)
            with refused("not_an_owner"), leaves_alone(self.initiative):
                self.confirm_off(person)

    def test_happens_once(self):
        self.confirm_off()
        with refused("confirmed_already"), leaves_alone(self.initiative):
            self.confirm_off(self.lead)

    def test_is_about_what_is_suspended(self):
        reloaded(self.initiative).resume()
        with refused("not_suspended"), leaves_alone(self.initiative):
            self.confirm_off()


@pytest.mark.embedded
class TestProhibited(Running):
    def test_suspends_at_once_what_runs(self):
        for stage in (Stage.PILOT, Stage.READINESS_REVIEW, Stage.PRODUCTION):
            Initiative.objects.filter(pk=self.initiative.pk).update(stage=stage)
            self.forbid()
            row = reloaded(self.initiative)
            assert (row.suspended_at, row.suspended_by) == (NOON, self.cleo)
            assert (row.suspended_because, row.stage) == (BECAUSE, stage)
            assert row.suspended_until == TODAY + timedelta(days=7)
            row.resume()

    def test_says_why_in_the_log(self):
        self.forbid()
        assert self.kinds()[-2:] == ["initiative.triage_decided", "initiative.suspended"]
        event = last_event()
        assert (event.actor_id, event.changed) == (self.cleo.pk, {"reason": BECAUSE})

    def test_leaves_alone_what_does_not_run(self):
        for stage in (Stage.PROPOSAL, Stage.RETIRED):
            Initiative.objects.filter(pk=self.initiative.pk).update(stage=stage)
            if stage == Stage.RETIRED:
                with refused("retired"):
                    self.forbid()
            else:
                self.forbid()
            assert not reloaded(self.initiative).is_suspended
        assert "initiative.suspended" not in self.kinds()

    def test_leaves_a_suspension_as_it_was(self):
        self.suspend()
        self.forbid()
        assert reloaded(self.initiative).suspended_because == "It errs."
        assert "initiative.suspended" not in self.kinds()

    def test_no_other_class_suspends(self):
        for legal_class in ("minimal", "limited", "high"):
            self.forbid(legal_class)
        assert not reloaded(self.initiative).is_suspended

    def test_counts_where_its_questions_are_answered_as_well(self):
        """Which no answer proposes, but one that was prohibited stays so."""
        Initiative.objects.filter(pk=self.initiative.pk).update(stage=Stage.PROPOSAL)
        self.forbid()
        Initiative.objects.filter(pk=self.initiative.pk).update(stage=Stage.PILOT)
        make_triage(initiative=self.initiative, yes=["personal_data"], by=self.lead, at=NOON)
        assert reloaded(self.initiative).suspended_because == BECAUSE
        assert "initiative.suspended" in self.kinds()[-3:]

    def test_lets_an_imported_one_count_from_then_on(self):
        silence(initiative=self.initiative)
        self.forbid()
        row = reloaded(self.initiative)
        assert row.counting_since == NOON
        assert row.decision_date is not None


class TestTheDatabase(Running):
    """What the rules say is said again by constraints."""

    def assert_refused(self, **values):
        with pytest.raises(IntegrityError), transaction.atomic():
            Initiative.objects.filter(pk=self.initiative.pk).update(**values)

    def test_keeps_suspensions_to_what_runs(self):
        self.suspend()
        for stage in (Stage.PROPOSAL, Stage.RETIRED):
            self.assert_refused(stage=stage)

    def test_wants_a_reason_and_a_day(self):
        said = {"suspended_at": NOON, "suspended_until": TODAY, "suspended_because": "It errs."}
        for name, nothing in (("suspended_until", None), ("suspended_because", "")):
            self.assert_refused(**(said | {name: nothing}))
        self.assert_refused(suspended_until=TODAY)

    def test_lets_nobody_confirm_what_is_not_suspended_and_nobody_nameless(self):
        self.assert_refused(off_confirmed_at=NOON, off_confirmed_by=self.pia)
        self.suspend()
        self.assert_refused(off_confirmed_at=NOON)
        self.assert_refused(off_confirmed_by=self.pia)
