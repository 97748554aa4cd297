"""Answering from a phone for all that is said to be one's own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Person
from initiatives import actions as initiatives
from initiatives.models import Initiative, Ownership
from initiatives.stages import Role, Stage
from notifications import actions
from reviews.models import RetirementRequest
from tests.browser.visitors import Visit, let_in
from tests.factories import make_lead, make_parsed, make_person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAMES = ("Letters", "Invoices", "Calls", "Photos", "Search")


@pytest.fixture
def owner(live_server) -> Person:
    """Somebody whom an imported list names as the owner of five; the campaign has begun."""
    now = timezone.now()
    lead = make_lead(at=now - timedelta(days=30))
    found = make_person(name="Ana Able", at=now - timedelta(days=30))
    make_person(name="Bo Other", at=now - timedelta(days=30))
    let_in()
    rows = [
        {
            "Use case": name,
            "Stage": "Pilot",
            "Owner e-mail": found.email,
            "Problem": f"{name} wait.",
        }
        for name in NAMES
    ]
    initiatives.import_inventory(
        parsed=make_parsed(rows=rows, today=now.date()), file_name="f.csv", by=lead,
        at=now - timedelta(hours=1),
    )  # fmt: skip
    actions.start_campaign(by=lead, at=now)
    return found


def test_answers_for_five_with_a_few_taps(visit: Visit, owner: Person):
    phone = visit(phone=True).sign_in(owner)
    phone.open("campaign:mine")
    assert phone.sees("0 of 5 answered")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    phone.tap("button", "Mine Letters")
    assert phone.sees("1 of 5 answered")

    phone.tap("button", "Not mine … Invoices")
    phone.choose("Whose is it?", "Bo Other")
    phone.tap("button", "Not mine")
    assert phone.sees("2 of 5 answered")

    phone.tap("button", "Dead … Calls")
    assert phone.sees("The portfolio leads hear of it; they or its sponsor decide.")
    with phone.expecting(422):
        phone.tap("button", "It is dead")  # without saying how one knows
        assert phone.sees("Fill this in.")
    phone.fill("How do you know?", "Switched off in May.")
    phone.tap("button", "It is dead")
    assert phone.sees("Said to be dead")

    phone.tap("button", "All 2 are mine")
    assert phone.sees("Nothing waits for your answer")
    assert phone.taps <= 8
    states = {o.initiative.name: o.state for o in Ownership.objects.filter(person=owner)}
    assert states == {
        "Letters": "accepted", "Invoices": "declined", "Calls": "asked",
        "Photos": "accepted", "Search": "accepted",
    }  # fmt: skip
    assert Ownership.objects.get(person__name="Bo Other").state == "asked"
    assert RetirementRequest.objects.get().initiative.name == "Calls"

    later = timezone.localdate() + timedelta(days=40)
    photos = Initiative.objects.get(name="Photos")
    phone.field("Decide by: Photos").fill(later.isoformat())
    phone.tap("button", "Save the days")
    assert phone.sees("Saved: your pilots are decided by these days.")
    expect(phone.field("Decide by: Photos")).to_have_value(later.isoformat())
    photos.refresh_from_db()
    assert (photos.decision_date, photos.stage) == (later, Stage.PILOT)
    assert Ownership.objects.filter(person=owner, role=Role.BUSINESS_OWNER).count() == len(NAMES)
