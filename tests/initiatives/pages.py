"""What tests of pages share: signing in, posting, and looking at a refused form."""

from __future__ import annotations

from typing import Any

from django.test import TestCase
from django.urls import reverse

from accounts.models import Person
from initiatives.models import Initiative
from initiatives.stages import Stage
from tests.factories import (
    LONG_AGO,
    make_initiative,
    make_kill_condition,
    make_lead,
    make_metric,
    make_person,
    make_unit,
)


class Pages(TestCase):
    """Ada's proposal with a metric and a kill condition; she is signed in unless said otherwise."""

    ada: Person
    bo: Person
    initiative: Initiative

    @classmethod
    def setUpTestData(cls) -> None:
        cls.ada = make_person()
        cls.bo = make_person(name="Bo Brandt")
        cls.lead = make_lead()
        cls.unit = make_unit()
        cls.initiative = make_initiative(by=cls.ada)
        cls.metric = make_metric(initiative=cls.initiative)
        cls.condition = make_kill_condition(
            initiative=cls.initiative, metric=cls.metric, at=LONG_AGO
        )

    def setUp(self) -> None:
        self.client.force_login(self.ada)

    def address(self, name: str, *args: Any) -> str:
        return reverse(f"initiatives:{name}", args=args)

    def get(self, name: str, *args: Any) -> Any:
        return self.client.get(self.address(name, *args))

    def post(self, page: str, /, *args: Any, **data: Any) -> Any:
        return self.client.post(self.address(page, *args), data)

    def pages(self) -> list[tuple[str, tuple[Any, ...]]]:
        """Every form about an initiative: name and arguments of its address."""
        pk, metric = self.initiative.pk, self.metric.pk
        parts = ("description", "process", "pilot-length", "budget", "details")
        return [
            *(("edit", (pk, part)) for part in parts),
            ("triage", (pk,)),
            ("ask", (pk, "sponsor")),
            ("define_metric", (pk,)),
            ("change_metric", (pk, metric)),
            ("measure", (pk, metric)),
            ("kill_condition", (pk,)),
            ("spend", (pk,)),
        ]

    def retire(self) -> None:
        Initiative.objects.update(stage=Stage.RETIRED)


def faults(response: Any) -> dict[str, list[str]]:
    """The form's errors by field; "" for those of the whole form."""
    assert response.status_code == 422, response.status_code
    form = response.context["form"]
    return {name if name != "__all__" else "": list(said) for name, said in form.errors.items()}
