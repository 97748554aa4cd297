from __future__ import annotations

from datetime import timedelta
from html import escape
from typing import ClassVar
from urllib.parse import urlencode

import pytest
from django.contrib.messages import get_messages
from django.forms import CharField
from django.urls import reverse
from django.utils import timezone

from accounts import actions as people
from initiatives import actions, facts
from initiatives.models import (
    Initiative,
    KillCondition,
    Measurement,
    Metric,
    Ownership,
    Spend,
    Triage,
)
from initiatives.stages import Role
from initiatives.triage import QUESTIONS
from reviews import queries
from tests.accounts.expectations import last_event, nothing_said
from tests.factories import (
    NOON,
    make_auditor,
    make_initiative,
    make_lead,
    reloaded,
    restrict,
)
from tests.initiatives.pages import Pages, faults


def said(response):
    """What stands on the page, as text."""
    return response.content.decode()


METRIC = {
    "name": "Letters sorted wrongly", "kind": "business", "unit_kind": "percent",
    "direction": "lower", "baseline": "9 %", "threshold": "5 %", "target": "3 %",
    "method": "Handlers mark them.",
}  # fmt: skip
CONDITION = {"kind": "metric", "comparator": "above", "threshold": "2 h", "due": "decision"}


class TestEveryForm(Pages):
    def test_is_shown_to_whoever_may_know_of_it(self):
        for name, args in self.pages():
            assert self.get(name, *args).status_code == 200, (name, args)

    def test_asks_visitors_to_sign_in(self):
        self.client.logout()
        for name, args in [*self.pages(), ("register", ())]:
            address = self.address(name, *args)
            for response in (self.client.get(address), self.client.post(address, {"name": "X"})):
                assert response.status_code == 302
                assert response["Location"].startswith(reverse("account_login"))

    def test_is_not_there_for_whoever_may_not_know_of_it(self):
        restrict(initiative=self.initiative)
        self.client.force_login(self.bo)
        with nothing_said():
            for name, args in self.pages():
                assert self.get(name, *args).status_code == 404, (name, args)
                assert self.post(name, *args).status_code == 404, (name, args)

    def test_is_not_there_for_what_is_not_there(self):
        for name, args in self.pages():
            for pk in (4711, 10**18, 10**30):
                assert self.get(name, pk, *args[1:]).status_code == 404, (name, pk)

    def test_refuses_whoever_has_no_part_in_it_and_keeps_what_was_typed(self):
        self.client.force_login(self.bo)
        response = self.post("edit", self.initiative.pk, "description", problem="Typed by Bo")
        assert "Only portfolio leads and people who hold a role" in faults(response)[""][0]
        assert "Typed by Bo" in said(response)
        assert last_event().kind == "initiative.edit_refused"
        assert last_event().changed["rule"] == "not_an_editor"

    def test_refuses_what_is_retired(self):
        self.retire()
        self.client.force_login(self.lead)
        response = self.post("spend", self.initiative.pk, amount="5", spent_on="2026-01-01")
        assert faults(response)[""] == ["A retired initiative stays as it was."]

    def test_shows_what_was_typed_as_text(self):
        evil = "<script>alert(1)</script>"
        response = self.post("edit", self.initiative.pk, "details", name=evil, vendor="x" * 301)
        assert evil not in said(response)
        assert escape(evil) in said(response)


class TestRegister(Pages):
    def test_needs_no_more_than_a_name(self):
        response = self.post("register", name="Call summaries", pilot_days="42")
        made = Initiative.objects.get(name="Call summaries")
        assert (response.status_code, response["Location"]) == (302, made.get_absolute_url())
        assert made.registered_by == self.ada

    def test_shows_the_new_initiative(self):
        self.post("register", name="Call <b>summaries</b>", pilot_days="42", problem="Four minutes")
        made = Initiative.objects.latest("pk")
        page = self.client.get(made.get_absolute_url())
        assert page.status_code == 200
        assert "Call &lt;b&gt;summaries" in said(page)
        assert f"{made.reference} is registered." in said(page)

    def test_says_what_is_missing_when_everything_is_blank(self):
        response = self.post("register")
        assert set(faults(response)) == {"name", "pilot_days"}
        assert Initiative.objects.count() == 1

    def test_keeps_what_was_typed(self):
        response = self.post("register", problem="Letters & photos", pilot_days="0")
        assert "Letters &amp; photos" in said(response)
        assert set(faults(response)) == {"name", "pilot_days"}

    def test_refuses_auditors(self):
        self.client.force_login(make_auditor())
        response = self.post("register", name="Mine", pilot_days="42")
        assert "ask a colleague" in faults(response)[""][0]

    def test_asks_the_problem_first(self):
        fields = list(self.get("register").context["form"].fields)
        assert fields[:4] == ["problem", "users", "outcome", "process"]

    def test_takes_a_pilot_of_a_year_which_its_gate_does_not(self):
        self.post("register", name="Slow", pilot_days="365")
        made = Initiative.objects.get(name="Slow")
        ((_, judged),) = queries.readiness(facts.load_one(made.pk), timezone.localdate())
        (length,) = [j for j in judged if j.criterion.key == "pilot_length"]
        assert (length.is_met, length.blocks) == (False, True)
        assert "365 days are too long" in said(self.client.get(made.get_absolute_url()))


class TestEdit(Pages):
    def edit(self, part, **data):
        return self.post("edit", self.initiative.pk, part, **data)

    def test_saves_and_goes_back(self):
        response = self.edit("process", process="Intake")
        assert (response.status_code, response["Location"]) == (
            302, self.initiative.get_absolute_url(),
        )  # fmt: skip
        assert reloaded(self.initiative).process == "Intake"

    def test_shows_what_stands(self):
        actions.edit(
            initiative=self.initiative, by=self.ada, at=NOON, unit_id=self.unit.pk, vendor="Acme"
        )
        page = said(self.get("edit", self.initiative.pk, "details"))
        assert 'value="Acme"' in page
        assert f'<option value="{self.unit.pk}" selected>' in page

    def test_moves_it_to_a_unit_and_out_of_it(self):
        self.edit("details", name="Claims triage", unit=self.unit.pk)
        assert reloaded(self.initiative).unit == self.unit
        self.edit("details", name="Claims triage", unit="")
        assert reloaded(self.initiative).unit is None

    def test_reads_money_as_people_write_it(self):
        self.edit("budget", pilot_budget="EUR 25,000", monthly_cost="1 200")
        row = reloaded(self.initiative)
        assert (row.pilot_budget, row.monthly_cost) == (25_000, 1_200)

    def test_takes_an_empty_budget_for_none(self):
        self.edit("budget", pilot_budget="5")
        self.edit("budget", pilot_budget="", monthly_cost="")
        assert reloaded(self.initiative).pilot_budget is None

    def test_refuses_a_budget_that_is_no_amount(self):
        for text in ("-5", "much", "1e99", "9" * 30):
            response = self.edit("budget", pilot_budget=text)
            assert set(faults(response)) == {"pilot_budget"}, text
            assert f'value="{text}"' in said(response)
        assert reloaded(self.initiative).pilot_budget is None

    def test_has_only_the_parts_there_are(self):
        assert self.get("edit", self.initiative.pk, "stage").status_code == 404
        assert self.edit("everything").status_code == 404

    def test_never_takes_a_field_of_another_part(self):
        self.edit("process", process="Intake", stage="production", name="Hacked", level="light")
        row = reloaded(self.initiative)
        assert (row.stage, row.name, row.level) == ("proposal", "Claims triage", "standard")


class TestTriage(Pages):
    def test_stores_the_answers(self):
        data = dict.fromkeys(QUESTIONS, "no") | {"personal_data": "yes", "bought": ""}
        assert self.post("triage", self.initiative.pk, **data).status_code == 302
        stored = Triage.objects.get()
        assert (stored.personal_data, stored.affects_employees, stored.bought) == (
            True, False, None,
        )  # fmt: skip

    def test_shows_the_answers_that_stand(self):
        actions.answer_triage(
            initiative=self.initiative, answers={"bought": False}, by=self.ada, at=NOON
        )
        form = self.get("triage", self.initiative.pk).context["form"]
        assert form["bought"].value() == "no"
        assert form["personal_data"].value() == ""

    def test_refuses_other_answers(self):
        response = self.post("triage", self.initiative.pk, bought="maybe")
        assert set(faults(response)) == {"bought"}


class TestAskOwner(Pages):
    def ask(self, person, role="sponsor"):
        return self.post("ask", self.initiative.pk, role, person=getattr(person, "pk", person))

    def test_asks_somebody(self):
        assert self.ask(self.bo, "business-owner").status_code == 302
        asked = Ownership.objects.get()
        assert (asked.person, asked.role, asked.state) == (self.bo, Role.BUSINESS_OWNER, "asked")

    def test_says_what_came_of_it(self):
        def words():
            response = self.ask(self.bo)
            return [str(message) for message in get_messages(response.wsgi_request)][-1]

        assert words() == "Bo Brandt was asked."
        assert words() == "Bo Brandt was asked already."
        actions.accept(ownership=Ownership.objects.get(), by=self.bo, at=timezone.now())
        assert words() == "Bo Brandt holds this role already."

    def test_accepts_for_oneself(self):
        self.ask(self.ada)
        assert Ownership.objects.get().counts

    def test_refuses_somebody_inactive_and_nobody(self):
        people.deactivate(person=self.bo, by=None, at=NOON)
        for person in (self.bo, "", "4711", "Bo", "9" * 40):
            assert set(faults(self.ask(person))) == {"person"}, person
        assert "not active here" in faults(self.ask(self.bo))["person"][0]
        assert not Ownership.objects.exists()

    def test_offers_nobody_inactive(self):
        people.deactivate(person=self.bo, by=None, at=NOON)
        assert "Bo Brandt" not in said(self.get("ask", self.initiative.pk, "sponsor"))

    def test_has_only_the_roles_there_are(self):
        assert self.ask(self.bo, "king").status_code == 404
        assert self.get("ask", self.initiative.pk, "king").status_code == 404


class TestAnswerOwnership(Pages):
    def setUp(self):
        super().setUp()
        self.asked = actions.ask(
            initiative=self.initiative, role=Role.SPONSOR, person=self.bo, by=self.ada, at=NOON
        )

    def answer(self, **data):
        return self.post("answer_ownership", self.asked.pk, **data)

    def stored(self):
        return Ownership.objects.select_related("person").get()

    def test_is_mine(self):
        self.client.force_login(self.bo)
        assert self.get("answer_ownership", self.asked.pk).status_code == 200
        said = {"hours_a_month": "8", "in_objectives": "on"}
        assert self.answer(answer="accept", **said).status_code == 302
        assert self.stored().counts
        assert self.stored().promised == "8 hours a month, among their objectives"

    def test_is_not_mine(self):
        self.client.force_login(self.bo)
        assert self.answer(answer="decline", comment="Ask Uma.").status_code == 302
        assert (self.stored().state, self.stored().comment) == ("declined", "Ask Uma.")

    def test_is_not_there_for_anybody_else(self):
        for person in (self.ada, self.lead):
            self.client.force_login(person)
            assert self.get("answer_ownership", self.asked.pk).status_code == 404
            assert self.answer(answer="accept").status_code == 404
        assert self.stored().state == "asked"

    def test_is_not_there_once_somebody_else_was_asked(self):
        actions.ask(
            initiative=self.initiative, role=Role.SPONSOR, person=self.ada, by=self.ada, at=NOON
        )
        self.client.force_login(self.bo)
        assert self.answer(answer="accept").status_code == 404

    def test_is_there_for_whoever_is_asked_about_a_restricted_one(self):
        restrict(initiative=self.initiative)
        self.client.force_login(self.bo)
        assert self.answer(answer="accept").status_code == 302

    def test_wants_an_answer(self):
        self.client.force_login(self.bo)
        assert set(faults(self.answer())) == {"answer"}
        response = self.answer(answer="accept", hours_a_month="9999")
        assert set(faults(response)) == {"hours_a_month"}
        assert self.stored().state == "asked"


class TestDefineMetric(Pages):
    def define(self, **changes):
        return self.post("define_metric", self.initiative.pk, **(METRIC | changes))

    def test_reads_values_with_their_units(self):
        assert self.define().status_code == 302
        made = Metric.objects.latest("pk")
        assert (made.baseline, made.threshold, made.target) == (9, 5, 3)

    def test_lets_the_unit_stand_behind_a_count(self):
        self.define(unit_kind="count", unit="letters", baseline="1,200 letters", threshold="900",
                    target="800 letters")  # fmt: skip
        made = Metric.objects.latest("pk")
        assert (made.baseline, made.target) == (1_200, 800)

    def test_refuses_a_threshold_on_the_wrong_side(self):
        response = self.define(threshold="10 %", target="")
        assert "below the baseline" in faults(response)["threshold"][0]
        assert 'value="10 %"' in said(response)
        assert Metric.objects.count() == 1

    def test_refuses_values_it_cannot_read(self):
        response = self.define(unit_kind="duration", baseline="soon", threshold="4", target="9e9 h")
        assert set(faults(response)) == {"baseline", "threshold", "target"}
        assert 'value="soon"' in said(response)

    def test_asks_what_a_models_score_is_worth(self):
        score = {"name": "F1 score", "direction": "higher", "baseline": "1", "threshold": "2",
                 "target": "3"}  # fmt: skip
        assert set(faults(self.define(**score))) == {"worth"}
        assert self.define(**score, worth="A point is 200 letters a day.").status_code == 302

    def test_refuses_a_primary_metric_that_is_no_business_one(self):
        response = self.define(is_primary="on", kind="quality")
        assert set(faults(response)) == {"kind"}
        assert Metric.objects.get(is_primary=True) == self.metric

    def test_says_what_is_missing_when_everything_is_blank(self):
        response = self.post("define_metric", self.initiative.pk)
        assert set(faults(response)) == {"name", "kind", "unit_kind", "direction"}


class TestChangeMetric(Pages):
    def test_changes_nothing_when_the_form_is_sent_as_it_came(self):
        for value in (2700, 8105, "0.125", 86_400_000, 9000):
            Metric.objects.update(baseline=None, target=None, threshold=value)
            form = self.get("change_metric", self.initiative.pk, self.metric.pk).context["form"]
            sent = {
                field.name: field.value() for field in form
                if field.value() not in (None, False)
            }  # fmt: skip
            response = self.post("change_metric", self.initiative.pk, self.metric.pk, **sent)
            assert response.status_code == 302, faults(response)
            self.metric.refresh_from_db()
            assert float(self.metric.threshold) == float(value)

    def test_is_not_there_for_a_metric_of_another(self):
        other = make_initiative(by=self.ada, name="Other")
        for name in ("change_metric", "measure"):
            assert self.get(name, other.pk, self.metric.pk).status_code == 404
            assert self.post(name, other.pk, self.metric.pk, **METRIC).status_code == 404


class TestMeasure(Pages):
    def measure(self, **changes):
        day = timezone.localdate() - timedelta(days=3)
        data = {"value": "52 min", "measured_on": day.isoformat()}
        return self.post("measure", self.initiative.pk, self.metric.pk, **(data | changes))

    def test_promises_no_correction(self):
        page = said(self.get("measure", self.initiative.pk, self.metric.pk))
        assert "A measurement is never edited. Yours will say “by hand”." in page

    def test_records_it_by_hand(self):
        assert self.measure(sample_size="812", comment="Week 9").status_code == 302
        made = Measurement.objects.get()
        assert (made.value, made.sample_size, made.is_automatic) == (3120, 812, False)
        assert timezone.localdate(made.measured_at) == timezone.localdate() - timedelta(days=3)

    def test_takes_today(self):
        assert self.measure(measured_on=timezone.localdate().isoformat()).status_code == 302
        assert Measurement.objects.get().measured_at <= timezone.now()

    def test_refuses_tomorrow(self):
        tomorrow = timezone.localdate() + timedelta(days=1)
        response = self.measure(measured_on=tomorrow.isoformat())
        assert faults(response)["measured_on"] == ["This day has not come yet."]
        assert 'value="52 min"' in said(response)

    def test_refuses_years_that_cannot_be(self):
        for text in ("0000-01-01", "1905-06-01", "9999-12-31", "2026-02-30", "soon"):
            assert set(faults(self.measure(measured_on=text))) == {"measured_on"}, text
        assert not Measurement.objects.exists()

    def test_reads_days_as_people_write_them(self):
        for text in ("2026-01-05", "5.1.2026", "5 Jan 2026"):
            assert self.measure(measured_on=text).status_code == 302, text

    def test_refuses_what_is_no_value(self):
        Metric.objects.update(unit_kind="count", unit="letters a day")
        for text in ("", " ", "many", "letters a day", "letters"):
            assert set(faults(self.measure(value=text))) == {"value"}, text
        assert not Measurement.objects.exists()


class TestAddKillCondition(Pages):
    def add(self, **changes):
        data = CONDITION | {"metric": self.metric.pk} | changes
        return self.post("kill_condition", self.initiative.pk, **data)

    def last(self):
        return KillCondition.objects.latest("pk")

    def test_arms_one_by_the_decision_date(self):
        assert self.add().status_code == 302
        made = self.last()
        assert (made.threshold, made.by_decision_date, made.due_date) == (7200, True, None)

    def test_arms_one_by_a_date(self):
        assert self.add(due="date", due_date="2027-03-01").status_code == 302
        assert (self.last().by_decision_date, str(self.last().due_date)) == (False, "2027-03-01")

    def test_arms_one_in_a_row(self):
        assert self.add(due="row", in_a_row="3").status_code == 302
        assert (self.last().by_decision_date, self.last().in_a_row) == (False, 3)

    def test_arms_a_spend_cap(self):
        assert self.add(kind="spend", metric="", spend_cap="25,000").status_code == 302
        assert (self.last().kind, self.last().spend_cap) == ("spend", 25_000)

    def test_arms_one_about_who_answers_for_it(self):
        assert self.add(kind="owner", metric="", missing_days="10").status_code == 302
        assert (self.last().kind, self.last().owner_role) == ("owner", "")
        assert self.last().sentence() == (
            "Stop if nobody is in a role that its stage needs for 10 days"
        )
        about = {"kind": "owner", "owner_role": "sponsor", "missing_days": "5"}
        assert self.add(**about).status_code == 302
        assert self.last().sentence() == "Stop if nobody is its sponsor for 5 days"

    def test_says_what_is_missing(self):
        for changes, wanted in [
            ({"kind": "owner"}, {"missing_days"}),
            ({"kind": "owner", "missing_days": "0"}, {"missing_days"}),
            ({"kind": "owner", "missing_days": "5", "owner_role": "boss"}, {"owner_role"}),
            ({"metric": ""}, {"metric"}),
            ({"comparator": "", "threshold": ""}, {"comparator", "threshold"}),
            ({"due": "date"}, {"due_date"}),
            ({"due": "row"}, {"in_a_row"}),
            ({"due": "row", "in_a_row": "1"}, {"in_a_row"}),
            ({"kind": "spend"}, {"spend_cap"}),
            ({"kind": "spend", "spend_cap": "0"}, {"spend_cap"}),
            ({"kind": "spend", "spend_cap": "-1"}, {"spend_cap"}),
            ({"threshold": "2"}, {"threshold"}),
            ({"due": "never"}, {"due"}),
            ({"due": "date", "due_date": "0000-01-01"}, {"due_date"}),
        ]:  # fmt: skip
            assert set(faults(self.add(**changes))) == wanted, changes
        assert KillCondition.objects.count() == 1

    def test_refuses_a_limit_that_is_a_unit_alone(self):
        Metric.objects.update(unit_kind="count", unit="letters")
        assert set(faults(self.add(threshold="letters"))) == {"threshold"}

    def test_offers_no_metric_of_another(self):
        other = make_initiative(by=self.ada, name="Other")
        data = CONDITION | {"metric": self.metric.pk}
        assert set(faults(self.post("kill_condition", other.pk, **data))) == {"metric"}


class TestRemoveKillCondition(Pages):
    def remove(self):
        return self.post("remove_kill_condition", self.condition.pk)

    def test_takes_it_back(self):
        response = self.remove()
        assert (response.status_code, response["Location"]) == (
            302, self.initiative.get_absolute_url(),
        )  # fmt: skip
        assert not KillCondition.objects.exists()

    def test_says_why_it_stays(self):
        KillCondition.objects.update(state="tripped", tripped_at=NOON)
        Initiative.objects.update(stage="pilot")
        self.client.force_login(make_lead(name="Lou Lead"))
        page = self.client.get(self.remove()["Location"])
        assert "A condition that has tripped cannot be removed." in said(page)
        assert KillCondition.objects.exists()

    def test_is_for_whoever_has_a_part_in_it(self):
        self.client.force_login(self.bo)
        assert self.remove().status_code == 302
        assert KillCondition.objects.exists()

    def test_is_not_there_for_whoever_may_not_know_of_it(self):
        restrict(initiative=self.initiative)
        self.client.force_login(self.bo)
        assert self.remove().status_code == 404
        assert KillCondition.objects.exists()

    def test_takes_more_than_a_link(self):
        assert self.get("remove_kill_condition", self.condition.pk).status_code == 405
        assert KillCondition.objects.exists()

    def test_asks_visitors_to_sign_in(self):
        self.client.logout()
        assert self.remove()["Location"].startswith(reverse("account_login"))
        assert KillCondition.objects.exists()


class TestRecordSpend(Pages):
    def spend(self, **changes):
        data = {"amount": "EUR 12,000", "spent_on": "2026-01-05"} | changes
        return self.post("spend", self.initiative.pk, **data)

    def test_records_it(self):
        assert self.spend(is_estimate="on", comment="Licences").status_code == 302
        stored = Spend.objects.get()
        assert (stored.amount, str(stored.spent_on), stored.is_estimate) == (
            12_000, "2026-01-05", True,
        )  # fmt: skip

    def test_takes_a_correction(self):
        assert self.spend(amount="-12,000").status_code == 302
        assert Spend.objects.get().amount == -12_000

    def test_refuses_nothing_at_all(self):
        assert faults(self.spend(amount="0"))["amount"] == [
            "The amount is zero: there is nothing to record."
        ]
        assert faults(self.spend(amount="0.4"))["amount"]

    def test_refuses_days_that_cannot_be(self):
        for text in ("0000-01-01", "1905-01-01", "", "31.2.2026"):
            assert set(faults(self.spend(spent_on=text))) == {"spent_on"}, text
        assert not Spend.objects.exists()


BAD = {
    "a NUL": b"a\0b",
    "a megabyte": b"x" * 1_000_000,
    "pictures": "💥".encode() * 400,
    "half a character": "\ud83d".encode("utf-8", "surrogatepass"),
    "no text": b"\xff\xfe",
    "zero": b"0",
    "a negative number": b"-1",
    "a long number": b"9" * 40,
    "spaces": b" \n ",
    "nothing": b"",
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
class TestBadInput:
    """Whatever stands in a field: an answer, never an error of the server."""

    good: ClassVar[dict[str, dict[str, str]]] = {
        "register": {"name": "A", "pilot_days": "42"},
        "edit": {"name": "A", "pilot_days": "42"},
        "triage": {},
        "ask": {},
        "define_metric": METRIC,
        "change_metric": METRIC,
        "measure": {"value": "5 min", "measured_on": "2026-01-05"},
        "kill_condition": CONDITION | {"kind": "spend", "spend_cap": "9"},
        "spend": {"amount": "5", "spent_on": "2026-01-05"},
    }

    @pytest.fixture
    def pages(self, client, db):
        Pages.setUpTestData()
        client.force_login(Pages.ada)
        return [("register", ()), *Pages().pages()]

    def test_is_answered_in_every_field_of_every_form(self, client, pages, bad):
        for name, args in pages:
            address = reverse(f"initiatives:{name}", args=args)
            for field, asked in client.get(address).context["form"].fields.items():
                body = urlencode(self.good[name] | {field: bad})
                kind = "application/x-www-form-urlencoded"
                response = client.post(address, body, content_type=kind)
                assert response.status_code in (302, 422), (name, field)
                is_text = isinstance(asked, CharField)
                if is_text and bad in (BAD["a NUL"], BAD["a megabyte"]):
                    assert response.status_code == 422, (name, field)
                    assert field in response.context["form"].errors, (name, field)


class TestTooMuch(Pages):
    def test_is_turned_away_before_it_is_read(self):
        response = self.post("register", name="A", problem="x" * (6 * 1024 * 1024))
        assert response.status_code == 400
        assert Initiative.objects.count() == 1
