"""Forms that write into the draft's text, and leave its comments and everything else alone."""

from __future__ import annotations

import difflib
import html
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews import actions, policy
from reviews.checks import CHECKS
from reviews.models import PolicyDraft
from reviews.policy import InvalidPolicy, editing
from reviews.policy.editing import CRITERIA, SLOTS, Place
from tests.reviews.test_drafting import Drafting

TEXT = policy.default_text()
AUDIT = Place("charter", CRITERIA, "data_audit")


def read(text: str) -> policy.Policy:
    return policy.parse(text, version=2, checks=CHECKS)


def difference(after: str) -> list[str]:
    """The lines that differ from the default policy's."""
    lines = difflib.ndiff(TEXT.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-" and line[2:].strip()]


class TestEditing:
    def test_changes_a_limit_and_keeps_the_comments(self):
        after = editing.set_values(TEXT, ["limits"], {"pilot_days": 30, "lapse_days": 14})
        assert difference(after) == ["- pilot_days = 42", "+ pilot_days = 30"]

    def test_changes_one_level_of_a_limit(self):
        days = {"light": 365, "standard": 365, "full": 90}
        after = editing.set_values(TEXT, ["limits"], {"recertification_days": days})
        assert read(after).limits.recertification_days["full"] == 90
        assert len(difference(after)) == 2

    def test_leaves_out_what_says_the_default(self):
        after = editing.change_row(TEXT, AUDIT, {"mandatory": False, "blocking": True})
        assert difference(after) == ["- mandatory = true"]
        applies = {"levels": ["full"], "when": ["bought"]}
        after = editing.change_row(TEXT, AUDIT, {"applies": applies, "blocking": False})
        criterion = next(c for c in read(after).gates["charter"].criteria if c.key == AUDIT.key)
        assert criterion.applies.levels == {"full"}
        assert not criterion.blocking
        assert len(criterion.fields) == 1
        assert editing.change_row(after, AUDIT, {"applies": None, "blocking": True}) == TEXT

    def test_changes_a_question(self):
        place = Place("charter", CRITERIA, "integration_scope", "workflow")
        after = editing.change_row(TEXT, place, {"label": "Where?", "required": False})
        assert [line[0] for line in difference(after)] == ["-", "+", "+"]
        assert read(after)

    def test_adds_a_criterion_a_question_and_a_signature(self):
        question = {"key": "answer", "label": "What?", "type": "text", "required": True}
        row = {"key": "new", "title": "New", "why": "Because.", "fields": [question]}
        after = editing.add_row(TEXT, Place("charter", CRITERIA), row)
        again = {"key": "more", "label": "More?", "type": "choice", "choices": ["a", "b"]}
        after = editing.add_row(after, Place("charter", CRITERIA, "new"), again)
        signs = {"key": "boss", "title": "Boss", "group": "leads", "meaning": "I agree."}
        after = editing.add_row(after, Place("retirement", SLOTS), signs)
        made = read(after)
        assert [f.key for f in made.gates["charter"].criteria[-1].fields] == ["answer", "more"]
        assert [slot.key for slot in made.gates["retirement"].slots] == ["boss"]
        assert not [line for line in difference(after) if line.startswith("-")]

    def test_asks_nobody_to_look_first_at_a_criterion_that_is_gone(self):
        after = editing.remove_row(TEXT, Place("charter", CRITERIA, "stakeholders"))
        slot = editing.row(after, Place("charter", SLOTS, "business_owner"))
        assert slot["points"] == ["process_described", "primary_metric_complete"]
        after = editing.remove_row(after, Place("charter", CRITERIA, "data_audit"))
        after = editing.remove_row(after, Place("charter", CRITERIA, "integration_scope"))
        assert "points" not in editing.row(after, Place("charter", SLOTS, "security"))

    def test_takes_a_row_out_and_leaves_the_others(self):
        after = editing.remove_row(TEXT, Place("charter", SLOTS, "finance"))
        assert "finance" not in {slot.key for slot in read(after).gates["charter"].slots}
        assert not [line for line in difference(after) if line.startswith("+")]

    def test_moves_a_row_and_stays_at_the_end(self):
        place = Place("charter", SLOTS, "engineering_owner")
        after = editing.move_row(TEXT, place, -1)
        keys = [slot.key for slot in read(after).gates["charter"].slots]
        assert keys[:3] == ["sponsor", "engineering_owner", "business_owner"]
        assert editing.move_row(after, place, 1) == TEXT
        assert editing.move_row(TEXT, Place("charter", SLOTS, "sponsor"), -1) == TEXT

    @pytest.mark.parametrize(
        "place",
        [
            Place("nowhere", CRITERIA, "x"),
            Place("charter", CRITERIA, "x"),
            Place("charter", CRITERIA, "data_audit", "x"),
            Place("charter", SLOTS, "sponsor", "x"),
        ],
    )
    def test_says_what_is_not_there(self, place):
        with pytest.raises(editing.NotThere):
            editing.row(TEXT, place)

    def test_says_what_is_no_toml(self):
        with pytest.raises(InvalidPolicy):
            editing.remove_row("name = 'half", AUDIT)

    @pytest.mark.parametrize(
        ("title", "key"),
        [
            ("The data is good?", "the_data_is_good"),
            ("2nd opinion", "x_2nd_opinion"),
            ("数据", "x"),
            ("Taken", "taken_2"),
            ("w" * 100, "w" * 40),
        ],
    )
    def test_makes_keys_of_titles(self, title, key):
        assert editing.key_for(title, {"taken"}) == key


class TestForms(Drafting):
    def setUp(self):
        super().setUp()
        self.draft = actions.start_draft(by=self.ada, at=timezone.now())
        self.client.force_login(self.ada)

    def address(self, name, *args):
        return reverse(f"policy:{name}", args=args)

    def initial(self, name, *args):
        """What the form shows, as the browser would send it back."""
        form = self.client.get(self.address(name, *args)).context["form"]
        found: dict[str, Any] = {}
        for field in form:
            value = field.value()
            if isinstance(value, bool):
                found |= {field.name: "on"} if value else {}
            elif value is not None:
                found[field.name] = value
        return found

    def send(self, name, *args, status=302, **changes):
        data = self.initial(name, *args) | changes
        data = {key: value for key, value in data.items() if value is not None}
        response = self.client.post(self.address(name, *args), data)
        assert response.status_code == status, response.context and response.context["form"].errors
        self.draft.refresh_from_db()
        return response

    def test_say_what_the_text_says_and_change_nothing_unasked(self):
        """A form that is sent back as it came leaves the text as it was."""
        for row in ("described", "data_audit", "stakeholders", "privacy_assessment"):
            self.send("criterion", "charter", row)
        for row in ("data_audit/sources", "production_sketch/involved", "stakeholders/users"):
            self.send("question", "charter", *row.split("/"))
        for slot in ("sponsor", "compliance", "finance"):
            self.send("slot", "charter", slot)
        self.send("criterion", "retirement", "leaving_production")
        self.send("slot", "ship_or_kill", "prospective_production_owner")
        self.send("people", "go_live")
        self.send("limits")
        assert difference(self.draft.text) == []
        assert read(self.draft.text) == read(TEXT)

    def test_change_limits(self):
        self.send("limits", pilot_days="30", owner_days_before="7, 0", override_days="0")
        made = read(self.draft.text)
        assert (made.limits.pilot_days, made.reminders.owner_days_before) == (30, (7, 0))
        assert made.limits.override_days == 0  # which allows none
        assert "# How long a pilot may last" in self.draft.text
        self.send("limits", leaving_days_before="20, 5", statement_days="10")
        made = read(self.draft.text)
        assert made.reminders.leaving_days_before == (20, 5)
        assert made.limits.statement_days == 10
        self.send("limits", status=422, lapse_days="0")
        response = self.send("limits", status=422, owner_days_before="soon")
        assert "Write whole numbers with commas" in response.content.decode()

    def test_change_who_signs(self):
        self.send("people", "charter", full="3", outsider_from=["full"])
        gate = read(self.draft.text).gates["charter"]
        assert (gate.people_needed["full"], gate.outsider_from) == (3, {"full"})

    def test_change_a_criterion(self):
        self.send(
            "criterion", "charter", "data_audit",
            heading="Data", mandatory=None, levels=["standard", "full"], when=["personal_data"],
            pilot_budget_from="25,000", catch_up="before_production",
        )  # fmt: skip
        criterion = next(
            c for c in read(self.draft.text).gates["charter"].criteria if c.key == "data_audit"
        )
        assert (criterion.title, criterion.mandatory) == ("Data", False)
        assert criterion.catch_up == "before_production"
        assert criterion.applies.when == ("personal_data",)
        assert criterion.applies.pilot_budget_from == 25_000

    def test_add_a_criterion_with_its_questions(self):
        self.send(
            "add_criterion", "charter",
            heading="The works council was heard", reason="It is asked anyway.",
            label="What did it say?", type="text",
        )  # fmt: skip
        key = "the_works_council_was_heard"
        self.send(
            "add_question", "charter", key, label="How?", type="choice", choices="Well\nBadly"
        )
        criterion = read(self.draft.text).gates["charter"].criteria[-1]
        assert (criterion.key, [f.key for f in criterion.fields]) == (key, ["answer", "how"])
        assert criterion.fields[1].choices == ("Well", "Badly")
        self.send("add_question", "charter", key, status=422, label="Why?", type="choice")

    def test_add_and_change_a_signature(self):
        self.send(
            "add_slot", "retirement", heading="Leads", who="group:leads", quorum="2", meaning="Yes."
        )
        (slot,) = read(self.draft.text).gates["retirement"].slots
        assert (slot.key, slot.group, slot.quorum) == ("leads", "leads", 2)
        self.send("slot", "retirement", "leads", who="role:sponsor", quorum="1")
        (slot,) = read(self.draft.text).gates["retirement"].slots
        assert (slot.role, slot.group) == ("sponsor", None)
        self.send("slot", "retirement", "leads", status=422, who="role:sponsor", quorum="3")

    def arrange(self, act, place, revision=None):
        data = {
            "revision": revision or PolicyDraft.objects.get().revision, "act": act,
            "gate": place.gate, "kind": place.kind, "key": place.key, "field": place.field,
        }  # fmt: skip
        return self.client.post(self.address("arrange"), data)

    def test_move_and_take_out(self):
        self.arrange("up", Place("charter", SLOTS, "engineering_owner"))
        self.arrange("remove", Place("charter", CRITERIA, "stakeholders", "security"))
        self.arrange("remove", Place("charter", SLOTS, "finance"))
        text = PolicyDraft.objects.get().text
        gate = read(text).gates["charter"]
        assert [slot.key for slot in gate.slots][1] == "engineering_owner"
        assert "finance" not in {slot.key for slot in gate.slots}
        assert self.arrange("up", Place("charter", SLOTS, "nobody")).status_code == 404
        self.arrange("sideways", Place("charter", SLOTS, "sponsor"))
        assert PolicyDraft.objects.get().text == text

    def test_say_what_a_change_makes_wrong_and_save_it(self):
        self.arrange("remove", Place("charter", CRITERIA, "nothing_tripped"))
        page = html.unescape(self.client.get(self.address("forms")).content.decode())
        assert "a criterion with the check nothing_tripped is missing; it always has one." in page

    def test_refuse_what_was_read_before_somebody_elses_change(self):
        before = self.initial("limits")
        actions.save_draft(
            draft=self.draft, revision=1, text=TEXT + "# x\n", by=self.ben, at=timezone.now()
        )
        response = self.client.post(self.address("limits"), before | {"pilot_days": "20"})
        assert response.status_code == 409
        assert 'value="20"' in response.content.decode()
        self.arrange("remove", Place("charter", SLOTS, "sponsor"), revision=1)
        assert PolicyDraft.objects.get().text == TEXT + "# x\n"

    def test_lead_to_the_text_where_it_is_no_toml(self):
        actions.save_draft(
            draft=self.draft, revision=1, text="name = 'half", by=self.ada, at=timezone.now()
        )
        for name in ("forms", "limits"):
            response = self.client.get(self.address(name))
            assert response["Location"] == self.address("edit_text")

    def test_are_for_leads(self):
        for person in (self.member, self.auditor):
            self.client.force_login(person)
            assert self.client.get(self.address("forms")).status_code == 403
            assert self.client.get(self.address("limits")).status_code == 403
            assert self.arrange("remove", Place("charter", SLOTS, "sponsor")).status_code == 403
            assert self.client.post(self.address("limits"), {"revision": 1}).status_code == 403
        assert PolicyDraft.objects.get().text == TEXT

    def test_say_when_there_is_no_such_row(self):
        for name, *args in (
            ("criterion", "charter", "nothing"),
            ("criterion", "nowhere", "nothing"),
            ("question", "charter", "data_audit", "nothing"),
            ("slot", "charter", "nobody"),
            ("add_question", "charter", "nothing"),
        ):
            assert self.client.get(self.address(name, *args)).status_code == 404
