"""Two policies beside each other, in words; and a policy in the words of its readers."""

from __future__ import annotations

import pytest

from reviews.checks import CHECKS
from reviews.policy import Applies, default_text, differences, parse, wording
from reviews.policy.differences import Change

TEXT = default_text()
BEFORE = parse(TEXT, version=1, checks=CHECKS)


def changes(old: str, new: str, count: int = 1) -> dict[str, list[Change]]:
    """What differs when the default policy says the one instead of the other."""
    assert old in TEXT
    after = parse(TEXT.replace(old, new, count), version=2, checks=CHECKS)
    return {section.title: section.changes for section in differences.between(BEFORE, after)}


class TestBetween:
    def test_is_nothing_between_a_policy_and_itself(self):
        assert differences.between(BEFORE, BEFORE) == []

    def test_ignores_comments(self):
        assert changes("# The default policy", "# Our policy") == {}

    def test_says_limits_with_their_unit(self):
        assert changes("lapse_days = 14", "lapse_days = 7") == {
            "Limits": [
                Change("changed", "Undecided, it lapses after its date by", "14 days", "7 days")
            ]
        }

    def test_says_ladders(self):
        assert changes("[14, 3, 0]", "[7]") == {
            "Reminders": [
                Change(
                    "changed",
                    "Owners are reminded before a decision date",
                    "14, 3, 0 days",
                    "7 days",
                )
            ]
        }

    def test_says_what_is_asked_of_what_already_ran(self):
        said = 'key = "stakeholders"\n'
        assert changes(said, said + 'catch_up = "never"\n') == {
            "Charter gate": [
                Change(
                    "changed",
                    "Criterion “Those concerned were consulted and say so”, asked of what already "
                    "ran",
                    "always",
                    "never",
                )
            ]
        }
        asked = {c.key: wording.state(c) for c in BEFORE.gates["charter"].criteria}
        told = "of what already ran: in a pilot or readiness review only"
        assert told in asked["pilot_length"]
        assert told not in asked["data_audit"]

    def test_says_of_a_criterion_which_part_changed(self):
        found = changes('title = "The data was looked at"\nmandatory = true', 'title = "Data"')
        assert found == {
            "Charter gate": [
                Change("changed", "Criterion “Data”, title", "The data was looked at", "Data"),
                Change("changed", "Criterion “Data”, mandatory", "yes", "no"),
            ]
        }

    def test_says_when_something_applies_now(self):
        old = 'applies = { levels = ["standard", "full"] }\nwhy = "People who hear'
        found = changes(
            old, 'applies = { levels = ["full"], when = ["bought"] }\nwhy = "People who hear'
        )
        (change,) = found["Charter gate"]
        assert change.what == "Criterion “Those concerned were consulted and say so”, applies"
        assert (change.before, change.after) == ("standard and full", "full; where it is bought")

    def test_says_of_a_question_what_it_asks_now(self):
        old = 'label = "Where in their daily work do people meet it?"'
        (change,) = changes(old, 'label = "Where?"')["Charter gate"]
        assert change.before == "“Where in their daily work do people meet it?”: text"
        assert change.after == "“Where?”: text"

    def test_says_what_was_added_and_removed(self):
        old = '[[gates.charter.slots]]\nkey = "sponsor"\n'
        new = '[[gates.charter.slots]]\nkey = "boss"\n'
        removed, added = changes(old, new)["Charter gate"]
        assert (removed.kind, removed.what) == ("removed", "Signature “Sponsor”")
        assert (added.kind, added.what) == ("added", "Signature “Sponsor”")
        assert added.after.startswith("the sponsor; always; “")

    def test_says_that_the_order_changed(self):
        first = 'key = "nothing_tripped"'
        begin = TEXT.index(f"[[gates.recertification.criteria]]\n{first}")
        end = TEXT.index("[[gates.recertification.criteria]]", begin + 5)
        start = TEXT.index("[[gates.recertification.criteria]]")
        moved = TEXT[:start] + TEXT[begin:end] + TEXT[start:begin] + TEXT[end:]
        after = parse(moved, version=2, checks=CHECKS)
        ((change,),) = [section.changes for section in differences.between(BEFORE, after)]
        assert change.what == "Order: each criterion"

    def test_says_how_many_people_sign(self):
        old = "people_needed = { light = 2, standard = 3, full = 4 }"
        found = changes(old, "people_needed = { light = 2, standard = 2, full = 3 }")
        (change,) = found["Charter gate"]
        assert change.after == "light 2, standard 2, full 3"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Applies(), "always"),
        (
            Applies(levels=frozenset(["full", "standard"]), when=("personal_data",)),
            "standard and full; where it uses personal data",
        ),
        (Applies(unless=("bought",)), "unless it is bought"),
        (Applies(stages=frozenset(["production"])), "while in production"),
        (Applies(pilot_budget_from=150_000), "pilots that may spend 150,000 or more"),
        (Applies(monthly_cost_from=0), "running costs of 0 or more a month"),
    ],
)
def test_applicability_is_said_in_plain_words(rule, said):
    assert wording.applies(rule) == said
