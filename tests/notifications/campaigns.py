"""An inventory of a small company, imported and quiet."""

from __future__ import annotations

from datetime import timedelta

from django.test import TestCase

from accounts.models import Person, Unit
from initiatives import actions as initiatives
from initiatives.models import Initiative, Ownership
from notifications.models import Reminder
from tests.factories import NOON, make_lead, make_parsed, make_person

DAY = timedelta(days=1)
BEFORE = NOON - 2 * DAY
# name, stage, unit, whose address it gives
INVENTORY = (
    ("Letters", "Production", "Claims", "ana.able@example.com"),
    ("Invoices", "Production", "Claims", "ana.able@example.com"),
    ("Photos", "Pilot", "Claims", "ana.able@example.com"),
    ("Calls", "Production", "Service", "ben.byname@example.com"),
    ("Search", "Pilot", "Service", "cleo.calm@example.com"),
    ("Forecast", "Production", "Service", ""),
    ("Gone", "Retired", "Service", "cleo.calm@example.com"),
)


class Company(TestCase):
    """Ana and Cleo have accounts, Ben is known by the file alone; Hal heads claims, and service,
    which has no head, belongs to claims."""

    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.ana = make_person(name="Ana Able", password="a long password")
        cls.cleo = make_person(name="Cleo Calm", password="a long password")
        cls.hal = make_person(name="Hal Head", password="a long password")
        claims = Unit.objects.create(name="Claims", head=cls.hal)
        Unit.objects.create(name="Service", parent=claims)
        rows = [
            {"Use case": name, "Stage": stage, "Unit": unit, "Owner e-mail": email}
            for name, stage, unit, email in INVENTORY
        ]
        initiatives.import_inventory(
            parsed=make_parsed(rows=rows), file_name="f.csv", by=cls.lead, at=BEFORE
        )
        cls.ben = Person.objects.get(email="ben.byname@example.com")

    def of(self, name: str) -> Initiative:
        return Initiative.objects.get(name=name)

    def asked(self, person: Person) -> list[Ownership]:
        return list(Ownership.objects.filter(person=person).order_by("pk"))

    def accept(self, person: Person, at=NOON) -> None:
        initiatives.accept_all(ownerships=self.asked(person), by=person, at=at)

    def owed(self, **which) -> set[tuple[str, int, str]]:
        rows = Reminder.objects.owed().filter(kind__startswith="ownership", **which)
        return set(rows.values_list("kind", "step", "recipient__name"))
