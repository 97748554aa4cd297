"""What tests of the triage share: a light proposal, its owner, a lead and compliance."""

from __future__ import annotations

from django.test import TestCase

from audit.models import Event
from initiatives import actions
from initiatives.models import Triage
from initiatives.triage import QUESTIONS
from tests.factories import (
    NOON,
    make_group_member,
    make_initiative,
    make_lead,
    make_person,
    make_triage,
    reloaded,
)

NO = dict.fromkeys(QUESTIONS, False)
LITTLE = {"pilot_budget": 10_000, "monthly_cost": 100}


class Triaged(TestCase):
    """Ada's proposal, light by its answers; Cleo is compliance, Lea leads."""

    @classmethod
    def setUpTestData(cls):
        cls.ada = make_person()
        cls.lead = make_lead()
        cls.cleo = make_group_member(group="compliance", name="Cleo Compliance")
        cls.initiative = make_initiative(by=cls.ada, **LITTLE)
        make_triage(initiative=cls.initiative)

    def answer(self, *yes, by=None):
        answers = NO | dict.fromkeys(yes, True)
        return actions.answer_triage(
            initiative=self.initiative, answers=answers, by=by or self.ada, at=NOON
        )

    def confirm(self, level="light", legal_class="minimal", because="", by=None):
        return actions.confirm_triage(
            initiative=self.initiative,
            level=level,
            legal_class=legal_class,
            because=because,
            by=by or self.cleo,
            at=NOON,
        )

    def in_force(self):
        stored = Triage.objects.get(initiative=self.initiative)
        is_confirmed = stored.confirmed_at is not None
        return reloaded(self.initiative).level, stored.legal_class, is_confirmed

    def said(self):
        return list(Event.objects.order_by("seq").values_list("kind", flat=True))[-2:]
