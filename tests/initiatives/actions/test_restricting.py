import pytest
from django.test import TestCase

from audit import queries as audit
from audit.models import Event
from audit.refusals import Refused
from initiatives import actions
from initiatives.models import Initiative
from tests import factories


class TestRestrict(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = factories.make_lead()
        cls.member = factories.make_person(name="Mo Member")
        cls.initiative = factories.make_initiative(by=cls.lead)

    def restrict(self, by, hide=True):
        return actions.restrict(
            initiative=self.initiative, is_restricted=hide, by=by, at=factories.NOON
        )

    def test_hides_it_from_members(self):
        self.restrict(self.lead)
        assert not Initiative.objects.visible_to(self.member).exists()
        assert Event.objects.latest("seq").kind == "initiative.restricted"

    def test_shows_it_again(self):
        self.restrict(self.lead)
        self.restrict(self.lead, hide=False)
        assert Initiative.objects.visible_to(self.member).exists()

    def test_says_nothing_when_nothing_changes(self):
        before = audit.head().seq
        self.restrict(self.lead, hide=False)
        assert audit.head().seq == before

    def test_is_refused_to_whoever_is_no_lead(self):
        with pytest.raises(Refused) as refusal:
            self.restrict(self.member)
        assert refusal.value.rule == "not_a_lead"
        assert not Initiative.objects.get().is_restricted


class TestGuardsOfTheCharter(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = factories.make_lead()
        cls.mine = factories.make_initiative(by=cls.lead, name="Mine")
        cls.other = factories.make_initiative(by=cls.lead, name="Other")
        cls.metric = factories.make_metric(initiative=cls.other)

    def refused(self, act, **arguments):
        with pytest.raises(Refused) as refusal:
            act(by=self.lead, at=factories.NOON, **arguments)
        return refusal.value.rule

    def test_refuse_the_metric_of_another_initiative(self):
        values = {"name": "Taken over"}
        rule = self.refused(
            actions.define_metric, initiative=self.mine, values=values, metric=self.metric
        )
        assert rule == "foreign_metric"

    def test_refuse_a_kill_condition_on_the_metric_of_another(self):
        values = {"kind": "metric", "metric_id": self.metric.pk, "in_a_row": 2}
        values |= {"comparator": "above", "threshold": 1}
        rule = self.refused(actions.add_kill_condition, initiative=self.mine, values=values)
        assert rule == "foreign_metric"

    def test_refuse_a_primary_metric_that_is_not_a_business_one(self):
        values = {"name": "Accuracy", "kind": "quality", "is_primary": True}
        rule = self.refused(actions.define_metric, initiative=self.mine, values=values)
        assert rule == "not_business"

    def test_refuse_to_correct_a_measurement_twice(self):
        first = factories.make_measurement(metric=self.metric, value=2)
        again = {"metric": self.metric, "value": 1, "measured_at": factories.NOON}
        actions.record_measurement(by=self.lead, at=factories.NOON, corrects=first, **again)
        assert self.refused(actions.record_measurement, corrects=first, **again) == (
            "not_correctable"
        )

    def test_refuse_a_blank_name(self):
        assert self.refused(actions.register, name="  ") == "no_name"
