from __future__ import annotations

import pytest
from django.test import TestCase

from accounts.models import Group, Membership
from initiatives import actions, facts, permissions
from initiatives.models import Initiative, OpenToGroup, Ownership
from initiatives.stages import Role, Stage
from tests.factories import (
    NOON,
    TODAY,
    fresh,
    make_administrator,
    make_auditor,
    make_declared,
    make_group_member,
    make_initiative,
    make_lead,
    make_owner,
    make_person,
    restrict,
)


def sees(person, initiative):
    return Initiative.objects.visible_to(fresh(person)).filter(pk=initiative.pk).exists()


@pytest.mark.embedded
class TestRestricted(TestCase):
    """Invisible outside its roles, its reviewers, leads and auditors (product.md §7)."""

    @classmethod
    def setUpTestData(cls):
        cls.ada = make_person()
        cls.bo = make_person(name="Bo Brandt")
        cls.initiative = make_initiative(by=cls.ada)
        restrict(initiative=cls.initiative)

    def test_is_not_seen_by_members(self):
        assert not sees(self.bo, self.initiative)

    def test_is_not_seen_by_administrators(self):
        assert not sees(make_administrator(), self.initiative)

    def test_is_seen_by_leads_and_auditors(self):
        assert sees(make_lead(), self.initiative)
        assert sees(make_auditor(), self.initiative)

    def test_is_not_seen_by_a_lead_who_was_deactivated(self):
        lead = make_lead()
        lead.is_active = False
        lead.save()
        assert not sees(lead, self.initiative)

    def test_is_seen_by_whoever_was_asked_or_accepted(self):
        asked = actions.ask(
            initiative=self.initiative, role=Role.SPONSOR, person=self.bo, by=None, at=NOON
        )
        assert sees(self.bo, self.initiative)
        actions.accept(ownership=asked, by=self.bo, at=NOON)
        assert sees(self.bo, self.initiative)

    def test_is_not_seen_by_whoever_declined_or_was_replaced(self):
        owned = make_owner(initiative=self.initiative, role=Role.SPONSOR, person=self.bo)
        Ownership.objects.update(ended_at=NOON)
        assert not sees(self.bo, self.initiative)
        Ownership.objects.update(ended_at=None)
        actions.decline(ownership=owned, by=self.bo, at=NOON)
        assert not sees(self.bo, self.initiative)

    def test_is_seen_by_a_group_it_was_opened_to_and_by_no_other(self):
        security = make_group_member(group=Group.SECURITY, name="Sec Urity")
        finance = make_group_member(group=Group.FINANCE, name="Fin Ance")
        group = Group.objects.get(key=Group.SECURITY)
        OpenToGroup.objects.create(initiative=self.initiative, group=group, opened_at=NOON)
        assert (sees(security, self.initiative), sees(finance, self.initiative)) == (True, False)

    def test_is_not_seen_by_whoever_left_that_group(self):
        security = make_group_member(group=Group.SECURITY, name="Sec Urity")
        group = Group.objects.get(key=Group.SECURITY)
        OpenToGroup.objects.create(initiative=self.initiative, group=group, opened_at=NOON)
        Membership.objects.filter(person=security).update(left_at=NOON)
        assert not sees(security, self.initiative)

    def test_is_seen_by_whoever_has_to_see_to_something_until_it_is_done(self):
        given, _ = actions.owe(
            self.initiative, kind="spend", what="Spend has stopped.", assignee=self.bo,
            due_date=TODAY, by=None, at=NOON,
        )  # fmt: skip
        assert sees(self.bo, self.initiative)
        actions.confirm_obligation(obligation=given, by=self.bo, at=NOON)
        assert not sees(self.bo, self.initiative)

    def test_says_nothing_about_another_restricted_one(self):
        other = make_initiative(by=self.ada, name="Other")
        restrict(initiative=other)
        make_owner(initiative=other, role=Role.SPONSOR, person=self.bo)
        assert (sees(self.bo, other), sees(self.bo, self.initiative)) == (True, False)

    def test_is_listed_once_for_whoever_has_several_parts_in_it(self):
        for role in (Role.SPONSOR, Role.BUDGET_OWNER):
            make_owner(initiative=self.initiative, role=role, person=self.bo)
        assert Initiative.objects.visible_to(self.bo).count() == 1

    def test_has_no_facts_for_whoever_may_not_know_of_it(self):
        assert facts.visible_to(self.bo, self.initiative.pk) is None
        found = facts.visible_to(make_lead(), self.initiative.pk)
        assert found is not None
        assert found.initiative == self.initiative


@pytest.mark.embedded
class TestOthers(TestCase):
    def test_are_seen_by_everybody(self):
        initiative = make_initiative(by=make_person())
        for person in (make_person(name="Bo"), make_administrator(), make_auditor(), make_lead()):
            assert sees(person, initiative)


@pytest.mark.embedded
class TestMayEdit(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_person()
        cls.bo = make_person(name="Bo Brandt")
        cls.initiative = make_initiative(by=cls.ada)

    def may(self, person, initiative=None):
        """Asked of the database and of facts at hand, which agree."""
        row = Initiative.objects.get(pk=(initiative or self.initiative).pk)
        someone = fresh(person)
        answer = permissions.may_edit(someone, row)
        assert permissions.may_edit_facts(someone, facts.load_one(row.pk)) is answer
        return answer

    def test_is_for_leads_and_for_whoever_registered_the_proposal(self):
        assert self.may(make_lead())
        assert self.may(self.ada)
        assert not self.may(self.bo)

    def test_is_not_for_administrators_and_auditors(self):
        assert not self.may(make_administrator())
        assert not self.may(make_auditor())

    def test_begins_with_accepting(self):
        asked = actions.ask(
            initiative=self.initiative, role=Role.SPONSOR, person=self.bo, by=None, at=NOON
        )
        assert not self.may(self.bo)
        actions.accept(ownership=asked, by=self.bo, at=NOON)
        assert self.may(self.bo)

    def test_ends_with_leaving_and_does_not_come_back_by_itself(self):
        make_owner(initiative=self.initiative, role=Role.SPONSOR, person=self.bo)
        self.bo.is_active = False
        self.bo.save()
        assert not self.may(self.bo)
        self.bo.is_active, self.bo.active_since = True, NOON
        self.bo.save()
        assert not self.may(self.bo)

    def test_ends_for_whoever_registered_it_when_it_is_a_proposal_no_more(self):
        Initiative.objects.update(stage=Stage.PILOT)
        assert not self.may(self.ada)

    def test_is_not_for_somebody_inactive(self):
        self.ada.is_active = False
        self.ada.save()
        assert not self.may(self.ada)


@pytest.mark.embedded
class TestMayRegisterAndDeclare(TestCase):
    def test_register_is_for_everybody_but_auditors(self):
        assert permissions.may_register(make_person())
        assert permissions.may_register(make_administrator())
        assert permissions.may_register(make_lead())
        assert not permissions.may_register(make_auditor())

    def test_declare_is_for_leads(self):
        assert permissions.may_declare(make_lead())
        for person in (make_person(), make_administrator(), make_auditor()):
            assert not permissions.may_declare(person)


@pytest.mark.embedded
class TestMayAnswerFor(TestCase):
    def test_is_for_the_person_asked_while_the_question_stands(self):
        ada, bo, lead = make_person(), make_person(name="Bo Brandt"), make_lead()
        initiative = make_declared(by=lead)
        owned = actions.ask(initiative=initiative, role=Role.SPONSOR, person=ada, by=lead, at=NOON)
        may = permissions.may_answer_for
        assert [may(person, owned) for person in (ada, bo, lead)] == [True, False, False]
        owned.ended_at = NOON
        assert not may(ada, owned)
        owned.ended_at = None
        ada.is_active = False
        assert not may(ada, owned)
