"""What is actually blocking the portfolio."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.views.generic import TemplateView

from accounts.models import Unit
from initiatives.stages import Gate
from initiatives.views.base import SignedIn
from portfolio.queries import blockers


class Blockers(SignedIn, TemplateView):
    """One row per criterion: how many initiatives it holds back, for how long, at what spend."""

    template_name = "portfolio/blockers.html"
    first = 20  # rows, unless all are asked for

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        gate = self.request.GET.get("gate", "")
        gate = gate if gate in Gate.values else ""
        units = list(Unit.objects.order_by("name"))
        asked = self.request.GET.get("unit", "")
        unit = next((unit for unit in units if str(unit.pk) == asked), None)
        found = blockers.load(self.person, gate, unit)
        shown = len(found.rows) if self.request.GET.get("all") else self.first
        return super().get_context_data(
            blockers=found,
            rows=found.rows[:shown],
            more=len(found.rows[shown:]),
            gates=[_option(value, label, gate) for value, label in Gate.choices],
            units=[_option(row.pk, row.name, unit and unit.pk) for row in units],
            is_narrowed=bool(gate or unit),
            unit=unit,
            query=urlencode({"gate": gate, "unit": asked, "all": "yes"}),
            currency=settings.CURRENCY,
            **kwargs,
        )


def _option(value: Any, label: Any, chosen: Any) -> dict[str, Any]:
    return {"value": value, "label": label, "is_chosen": value == chosen}
