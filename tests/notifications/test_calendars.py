from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client, TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar as Parsed

from accounts import actions as people
from audit.models import Event
from audit.refusals import Refused
from initiatives.models import Initiative
from notifications import actions
from notifications.models import Calendar
from reviews import actions as reviews
from tests.accounts.expectations import last_event
from tests.factories import make_administrator
from tests.notifications.scenes import make_initiative, make_lead, make_person, owned_by_all

DAY = timedelta(days=1)
OWN, PORTFOLIO = Calendar.Kind.OWN, Calendar.Kind.PORTFOLIO


def feed(token):
    return reverse("calendar:feed", args=[token])


def events(content):
    return {str(event["UID"]): event for event in Parsed.from_ical(content).walk("VEVENT")}


class Feeds(TestCase):
    """Somebody with a pilot, whose calendar program fetches it; today, for pages know no other."""

    @classmethod
    def setUpTestData(cls):
        cls.now, cls.today = timezone.now(), timezone.localdate()
        cls.lead = make_lead()
        cls.owner = make_person("Olga Owner")
        cls.pilot = make_initiative(
            cls.lead, name="Claims; triage, “now”\nwith a break", due=cls.today + 9 * DAY,
            at=cls.now - 90 * DAY, **owned_by_all(cls.owner),
        )  # fmt: skip

    def make(self, kind=OWN, by=None):
        return actions.make_calendar(kind=kind, by=by or self.owner, at=timezone.now())

    def fetch(self, token, **headers):
        """As a calendar program does: nobody is signed in."""
        return Client().get(feed(token), **headers)

    def read(self, token):
        response = self.fetch(token)
        assert response.status_code == 200
        return events(response.content)

    @property
    def uid(self):
        return f"decision-{self.pilot.pk}@localhost"


@pytest.mark.embedded
class TestTheFeed(Feeds):
    def test_is_a_calendar_that_nobody_else_keeps(self):
        response = self.fetch(self.make())
        assert response["Content-Type"] == "text/calendar; charset=utf-8"
        assert response["Cache-Control"] == "private"
        assert not response.cookies
        calendar = Parsed.from_ical(response.content)
        assert calendar["VERSION"] == "2.0"
        assert calendar["PRODID"]
        assert calendar["X-WR-CALNAME"] == "Gatehouse: my deadlines"
        assert calendar["X-WR-TIMEZONE"] == "UTC"
        assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"

    def test_has_an_event_of_a_whole_day_for_each_deadline(self):
        (event,) = self.read(self.make()).values()
        assert event["DTSTART"].params["VALUE"] == event["DTEND"].params["VALUE"] == "DATE"
        assert event["DTSTART"].dt == self.today + 9 * DAY
        assert event["DTEND"].dt == self.today + 10 * DAY
        assert type(event["DTSTART"].dt) is date
        assert event["TRANSP"] == "TRANSPARENT"
        assert event["SUMMARY"].endswith(f"({self.pilot.reference}): Ship-or-kill date")
        assert event["SUMMARY"].startswith("Claims; triage, “now”\nwith a break")
        assert event["URL"] == f"http://localhost:8000{self.pilot.get_absolute_url()}"
        assert event["URL"] in event["DESCRIPTION"]
        assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt
        assert event["DTSTAMP"].dt.utcoffset() == timedelta(0)

    def test_is_the_same_bytes_while_nothing_changes(self):
        token = self.make()
        assert self.fetch(token).content == self.fetch(token).content

    def test_keeps_lines_within_75_bytes(self):
        content = self.fetch(self.make()).content
        assert content.endswith(b"END:VCALENDAR\r\n")
        assert max(len(line) for line in content.split(b"\r\n")) <= 75

    def test_moves_what_has_moved(self):
        token = self.make()
        before = self.read(token)[self.uid]
        reviews.decide(
            initiative=self.pilot, kind="extend", days=7, reason="A week.", by=self.lead,
            at=self.now,
        )  # fmt: skip
        after = self.read(token)[self.uid]
        assert after["DTSTART"].dt == before["DTSTART"].dt + 7 * DAY
        assert after["SEQUENCE"] > before["SEQUENCE"]
        assert after["LAST-MODIFIED"].dt >= before["LAST-MODIFIED"].dt

    def test_drops_what_is_cancelled(self):
        token = self.make()
        reviews.decide(
            initiative=self.pilot, kind="kill", reason="No use.", outcome="withdrawn",
            lesson="Ask.", by=self.lead, at=self.now,
        )  # fmt: skip
        assert self.uid not in self.read(token)

    def test_is_in_the_days_of_the_organisation(self):
        token = self.make()
        for zone in ("Pacific/Kiritimati", "America/Los_Angeles"):
            with override_settings(TIME_ZONE=zone), timezone.override(zone):
                assert self.read(token)[self.uid]["DTSTART"].dt == self.today + 9 * DAY

    def test_of_the_portfolio_is_what_its_person_may_see(self):
        other = make_initiative(self.lead, due=self.today + 3 * DAY, at=self.now - 90 * DAY)
        Initiative.objects.filter(pk=other.pk).update(is_restricted=True)
        assert len(self.read(self.make(PORTFOLIO))) == 1
        assert len(self.read(self.make(PORTFOLIO, by=self.lead))) == 2

    def test_of_ones_own_forgets_what_was_restricted_meanwhile(self):
        token = self.make()
        self.pilot.ownerships.update(ended_at=self.now)
        assert self.read(token) == {}

    def test_needs_no_more_queries_for_more(self):
        tokens = [self.make(kind) for kind in (OWN, PORTFOLIO)]
        few = [self.count(token) for token in tokens]
        for _ in range(5):
            make_initiative(
                self.lead, due=self.today + 3 * DAY, at=self.now - 90 * DAY,
                **owned_by_all(self.owner),
            )  # fmt: skip
        assert [self.count(token) for token in tokens] == few
        assert max(few) <= 14

    def count(self, token):
        with CaptureQueriesContext(connection) as captured:
            self.read(token)
        return len(captured)

    def test_is_only_read(self):
        token = self.make()
        before = Event.objects.count()
        self.read(token)
        assert Client().head(feed(token)).status_code == 200
        assert Client().post(feed(token)).status_code == 405
        assert Event.objects.count() == before


class TestTheAddress(Feeds):
    def test_is_kept_as_a_digest_alone(self):
        token = self.make()
        kept = Calendar.objects.values().get()
        assert len(token) >= 43
        assert token not in str(kept)
        assert Event.objects.filter(payload__contains=token).count() == 0

    def test_is_not_there_when_it_is_another(self):
        token = self.make()
        for wrong in (token[:-1], token.swapcase(), "x", "None"):
            assert self.fetch(wrong).status_code == 404, wrong

    def test_is_dead_once_revoked(self):
        token = self.make()
        actions.revoke_calendar(kind=OWN, by=self.owner, at=self.now)
        assert self.fetch(token).status_code == 404
        assert last_event().kind == "calendar.revoked"
        with pytest.raises(Refused):
            actions.revoke_calendar(kind=OWN, by=self.owner, at=self.now)

    def test_gives_way_to_a_new_one(self):
        before = self.make()
        after = self.make()
        assert self.fetch(before).status_code == 404
        assert self.fetch(after).status_code == 200
        assert Calendar.objects.filter(revoked_at=None).count() == 1

    def test_is_apart_for_each_calendar_and_person(self):
        tokens = [self.make(), self.make(PORTFOLIO), self.make(by=self.lead)]
        assert [self.fetch(token).status_code for token in tokens] == [200] * 3

    def test_of_somebody_who_left_is_dead_at_once_and_stays_so(self):
        token, administrator = self.make(), make_administrator()
        people.deactivate(person=self.owner, by=administrator, at=timezone.now())
        assert self.fetch(token).status_code == 404
        people.reactivate(person=self.owner, by=administrator, at=timezone.now())
        assert self.fetch(token).status_code == 404

    def test_is_not_made_for_somebody_who_left(self):
        people.deactivate(person=self.owner, by=make_administrator(), at=timezone.now())
        with pytest.raises(Refused):
            self.make()


class TestTheSettings(Feeds):
    def setUp(self):
        self.client.force_login(self.owner)

    def test_show_an_address_once(self):
        made = self.client.post(reverse("portfolio:make_calendar", args=["own"]))
        address = made.context["made"]
        assert address.startswith("http://localhost:8000/calendar/")
        self.assertContains(made, address)
        assert made["Cache-Control"] == "no-store"
        page = self.client.get(reverse("portfolio:my_settings"))
        self.assertNotContains(page, address)
        self.assertContains(page, "It has an address since")
        assert Client().get(address.removeprefix("http://localhost:8000")).status_code == 200

    def test_revoke_it(self):
        token = self.make()
        url = reverse("portfolio:revoke_calendar", args=["own"])
        self.assertContains(self.client.post(url, follow=True), "Revoked")
        assert self.fetch(token).status_code == 404
        self.assertContains(self.client.post(url, follow=True), "There is no such address.")

    def test_know_no_other_calendars(self):
        for name in ("make_calendar", "revoke_calendar"):
            url = reverse(f"portfolio:{name}", args=["theirs"])
            assert self.client.post(url).status_code == 404
            assert self.client.get(url).status_code == 405
