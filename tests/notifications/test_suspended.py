"""The flag about what is switched off: opened, kept up, closed, and who hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import TestCase

from initiatives import actions as initiatives
from initiatives.models import Initiative
from initiatives.stages import Role, Stage
from notifications import actions, queries
from notifications.models import Flag, Reminder
from reviews import actions as reviews
from tests.notifications.scenes import (
    NOON,
    TODAY,
    make_initiative,
    make_lead,
    make_person,
    open_rules,
    owed,
    suspend,
)

DAY = timedelta(days=1)
DUE = TODAY + 7 * DAY


@pytest.mark.embedded
class TestTheFlag(TestCase):
    """A system in production that its on-call contact has switched off."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.sponsor, cls.olaf = make_person("Sam Sponsor"), make_person("Olaf Oncall")
        cls.initiative = make_initiative(
            cls.lead,
            stage=Stage.PRODUCTION,
            **{Role.SPONSOR: cls.sponsor, Role.ON_CALL: cls.olaf},
        )
        suspend(cls.initiative, cls.olaf)

    def flag(self):
        return Flag.objects.get(rule="suspended")

    def resume(self, at):
        reviews.decide(
            initiative=self.initiative, kind="resume", reason="Mended.", by=self.sponsor, at=at
        )

    def test_is_opened_and_stays_one(self):
        for at in (NOON, NOON + DAY):
            swept = actions.sweep(at=at)
            assert swept.rules["suspended"].open == 1
        assert (self.flag().since, self.flag().due_date) == (NOON, DUE)
        assert self.flag().severity == "warning"

    def test_becomes_critical_once_its_day_is_past(self):
        actions.sweep(at=NOON)
        swept = actions.sweep(at=NOON + 8 * DAY)
        assert swept.rules["suspended"].updated == 1
        assert self.flag().severity == "critical"

    def test_closes_when_it_is_resumed(self):
        actions.sweep(at=NOON)
        self.resume(NOON + DAY)
        actions.sweep(at=NOON + DAY)
        assert self.flag().closed_at == NOON + DAY
        assert "suspended" not in open_rules(self.initiative)

    def test_closes_when_it_is_retired(self):
        actions.sweep(at=NOON)
        row = Initiative.objects.get(pk=self.initiative.pk)
        row.enter(Stage.RETIRED, at=NOON + DAY, decision_date=None)
        actions.sweep(at=NOON + DAY)
        assert self.flag().closed_at == NOON + DAY

    def test_is_not_seen_outside_a_restricted_one(self):
        actions.sweep(at=NOON)
        outsider = make_person("Otto Outsider")
        assert queries.counts(outsider)["suspended"] == 1
        initiatives.restrict(initiative=self.initiative, is_restricted=True, by=self.lead, at=NOON)
        assert "suspended" not in queries.counts(outsider)
        assert queries.counts(self.olaf)["suspended"] == 1

    def test_is_heard_of_at_once_by_those_who_answer_for_it(self):
        actions.sweep(at=NOON)
        kind = {"kind": "suspended"}
        assert owed(**kind) == [("suspended", -7, "Olaf Oncall"), ("suspended", -7, "Sam Sponsor")]
        says = dict(Reminder.objects.filter(**kind).values_list("recipient__name", "says"))
        called = f"Claims triage ({self.initiative.reference}) is suspended"
        assert says == {
            "Olaf Oncall": f"Make sure that it is off: {called}",
            "Sam Sponsor": f"Decide by 9 Mar 2026: {called}",
        }
        assert set(Reminder.objects.filter(**kind).values_list("is_urgent", flat=True)) == {True}

    def test_goes_to_its_sponsor_on_its_day_and_then_to_the_leads(self):
        for days, who in ((7, "Sam Sponsor"), (10, "Lea Lead")):
            actions.sweep(at=NOON + days * DAY)
            assert owed(kind="suspended") == [("suspended", days - 7, who)]
            assert not Reminder.objects.get(kind="suspended", state="owed").is_urgent

    def test_asks_for_no_decision_by_a_day_that_has_passed(self):
        actions.sweep(at=NOON + 10 * DAY)
        says = Reminder.objects.get(kind="suspended", state="owed").says
        assert says.startswith("Decide now, late since 9 Mar 2026: ")

    def test_is_owed_by_nobody_once_it_is_resumed(self):
        actions.sweep(at=NOON)
        self.resume(NOON + DAY)
        actions.sweep(at=NOON + DAY)
        assert owed(kind="suspended") == []
