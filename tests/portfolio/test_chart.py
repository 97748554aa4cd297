from __future__ import annotations

from decimal import Decimal

from django.test import TestCase
from django.utils import timezone

from initiatives.models import Metric
from portfolio.queries import page
from tests.factories import make_initiative, make_lead, make_metric


class TestChart(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.initiative = make_initiative(by=cls.lead)
        cls.metric = make_metric(initiative=cls.initiative, by=cls.lead)

    def chart(self, **bounds):
        Metric.objects.filter(pk=self.metric.pk).update(**bounds)
        return page.load(self.lead, self.initiative.pk, timezone.localdate()).charts[0]

    def test_draws_a_bound_of_zero(self):
        drawn = self.chart(target=Decimal(0)).json
        assert drawn["target"] == {"value": 0.0, "words": "0 s"}

    def test_draws_no_bound_that_is_not_set(self):
        assert self.chart(target=None).json["target"] is None
