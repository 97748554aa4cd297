from __future__ import annotations

import pytest

from accounts.models import Unit
from tests.accounts.expectations import last_event
from tests.accounts.test_admin import AdminTestCase
from tests.factories import make_unit


@pytest.mark.embedded
class TestUnitAdmin(AdminTestCase):
    def test_adds_and_changes_by_the_action(self):
        assert self.add("unit", name="Claims").status_code == 302
        unit = Unit.objects.get()
        assert (last_event().kind, last_event().actor_id) == ("unit.added", self.admin.pk)
        self.change("unit", unit, name="Claims", head=self.ada.pk)
        assert Unit.objects.get().head == self.ada
        assert last_event().changed == {"head": self.ada.pk}

    def test_shows_and_records_what_the_action_refuses(self):
        unit = make_unit()
        response = self.change("unit", unit, name="Household claims", parent=unit.pk)
        words = "Claims is this unit itself, or below it. Choose a unit above it, or none."
        assert self.was_refused(response, words, "circle", field="parent")
        assert response.context["adminform"].form["name"].value() == "Household claims"
        assert Unit.objects.get().parent is None
