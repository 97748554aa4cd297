"""The success statement reads as good English, whatever was recorded."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from initiatives import statement
from initiatives.facts import Facts
from initiatives.forms.charter import without_unit
from initiatives.models import Initiative, Metric
from initiatives.stages import Stage
from initiatives.units import UnitKind, in_words, singular

HOUR = 3_600


def said(*, stage: str = Stage.PILOT, due: Any = date(2027, 3, 1), days: int = 42, **metric) -> str:
    values = {
        "name": "Average ticket resolution time",
        "is_primary": True,
        "unit_kind": "duration",
        "direction": "lower",
        "baseline": 4 * HOUR,
        "threshold": 45 * 60,
        "target": 45 * 60,
    } | metric
    for bound in ("baseline", "threshold", "target"):
        values[bound] = None if values[bound] is None else Decimal(values[bound])
    row = Initiative(stage=stage, decision_date=due, pilot_days=days)
    return statement.of(Facts(row, metrics=(Metric(**values),)))


def rising(kind: str, baseline: Any, threshold: Any, unit: str = "") -> dict[str, Any]:
    return {"unit_kind": kind, "baseline": baseline, "threshold": threshold, "unit": unit}


class TestStatement:
    def test_is_the_sentence_of_the_specification(self):
        assert said() == (
            "Reduce average ticket resolution time from 4 h to 45 min by 1 March 2027."
        )

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            (
                "Time until a claim is with its handler",
                "the time until a claim is with its handler",
            ),
            ("Number of open letters", "the number of open letters"),
            ("number of open letters.", "the number of open letters"),
            (
                "Share of claims that are sorted by hand",
                "the share of claims that are sorted by hand",
            ),
            ("Error rate", "the error rate"),
            ("Error of the first reserve", "the error of the first reserve"),
            ("Cost per claim", "the cost per claim"),
            ("Cost overruns", "cost overruns"),
            ("Errors", "errors"),
            ("Costs", "costs"),
            ("Time", "time"),
            ("Days until a claim is settled", "the days until a claim is settled"),
            ("Time savings", "time savings"),
            ("The time to answer", "the time to answer"),
            ("A handler's day", "a handler's day"),
            ("Reduce waiting time", "waiting time"),
            ("Reducing the number of calls", "the number of calls"),
            ("Cut the queue", "the queue"),
            ("Improve NPS", "NPS"),
            ("Reduce", "reduce"),
            ("NPS of brokers", "NPS of brokers"),
            ("F1 of triage", "F1 of triage"),
            ("CO2 per letter", "CO2 per letter"),
            ("SharePoint searches without a hit", "SharePoint searches without a hit"),
            ("iPhone returns", "iPhone returns"),
            ("E-mail backlog", "e-mail backlog"),
            ("CVs read by hand", "CVs read by hand"),
            ("  Waiting   time ", "waiting time"),
            ("Überstunden", "überstunden"),
        ],
    )
    def test_names_the_metric_within_the_sentence(self, name, words):
        assert said(name=name) == f"Reduce {words} from 4 h to 45 min by 1 March 2027."

    @pytest.mark.parametrize(
        ("metric", "words"),
        [
            (rising("percent", 4, 12), "from 4 % to 12 %"),
            (rising("percent", "4.50", 12), "from 4.5 % to 12 %"),
            (
                {"unit_kind": "money", "baseline": 6_000, "threshold": 9_000},
                "from EUR 6,000 to EUR 9,000",
            ),
            (rising("score", "0.6", "0.91"), "from 0.6 to 0.91"),
            (
                {"unit_kind": "count", "unit": "tickets a day", "baseline": 1, "threshold": 2},
                "from 1 to 2 tickets a day",
            ),
            (
                {"unit_kind": "count", "unit": "people", "baseline": 0, "threshold": 1},
                "from 0 to 1 person",
            ),
            (
                {"unit_kind": "count", "unit": "", "baseline": 1_200, "threshold": 2_400},
                "from 1,200 to 2,400",
            ),
            (rising("duration", 90, 86_400), "from 1.5 min to 1 d"),
            (rising("duration", 0, 5_400), "from 0 s to 1.5 h"),
            (
                {"unit_kind": "count", "unit": "entries", "baseline": None, "threshold": 1},
                "to 1 entry",
            ),
            (rising("percent", None, 12), "to 12 %"),
        ],
    )
    def test_says_each_unit_when_it_rises(self, metric, words, settings):
        settings.CURRENCY = "EUR"
        metric = {"direction": "higher", "target": metric["threshold"]} | metric
        assert said(name="Answers", **metric) == f"Raise answers {words} by 1 March 2027."

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("Customers lost at renewal", "the share of customers lost at renewal"),
            ("Warned customers who moved", "the share of warned customers who moved"),
            ("Share of letters sent twice", "the share of letters sent twice"),
            ("Difference between estimate and bill", "the difference between estimate and bill"),
            ("Error of the forecast", "the error of the forecast"),
            ("Sales growth", "sales growth"),
            ("Process adherence", "process adherence"),
            ("Fraud among held claims", "fraud among held claims"),
            ("Adoption", "adoption"),
            ("Letters", "letters"),
            ("NPS of brokers", "NPS of brokers"),
        ],
    )
    def test_says_of_what_percent_are_a_share(self, name, words):
        metric = rising("percent", 38, 15)
        assert said(name=name, **metric, target=15) == (
            f"Reduce {words} from 38 % to 15 % by 1 March 2027."
        )

    @pytest.mark.parametrize(
        ("more", "ends"),
        [
            ({"target": 30 * 60}, " by 1 March 2027, aiming for 30 min."),
            ({"target": None}, " by 1 March 2027."),
            ({"due": None}, "."),
            ({"due": None, "target": 30 * 60}, ", aiming for 30 min."),
            ({"stage": Stage.PROPOSAL}, " within 42 days of the pilot's start."),
            ({"stage": Stage.PROPOSAL, "days": 1}, " within 1 day of the pilot's start."),
            ({"stage": Stage.PRODUCTION}, "."),
            ({"stage": Stage.RETIRED, "target": 30 * 60}, ", aiming for 30 min."),
            ({"stage": Stage.READINESS_REVIEW}, " by 1 March 2027."),
        ],
    )
    def test_ends_with_the_day_and_what_is_hoped_for(self, more, ends):
        assert said(**more) == f"Reduce average ticket resolution time from 4 h to 45 min{ends}"

    def test_says_what_it_still_needs(self):
        assert said(threshold=None, target=None) == (
            "No success statement yet: Average ticket resolution time has no threshold."
        )
        assert statement.of(Facts(Initiative(stage=Stage.PILOT))) == (
            "No success statement yet: choose a primary business metric."
        )


class TestOneOfThem:
    @pytest.mark.parametrize(
        ("unit", "one"),
        [
            ("tickets", "ticket"), ("tickets a day", "ticket a day"), ("entries", "entry"),
            ("boxes", "box"), ("matches", "match"), ("cases", "case"), ("people", "person"),
            ("ticket", "ticket"), ("kg", "kg"), ("gas", "gas"), ("basis points", "basis points"),
            ("staff", "staff"), ("series", "series"), ("classes", "class"), ("ties", "tie"),
            ("", ""),
        ],
    )  # fmt: skip
    def test_is_called_by_its_singular(self, unit, one):
        assert singular(unit) == one

    def test_is_said_of_one_alone(self):
        words = [in_words(Decimal(n), UnitKind.COUNT, "tickets") for n in (0, 1, -1, 2)]
        assert words == ["0 tickets", "1 ticket", "-1 ticket", "2 tickets"]
        assert in_words(Decimal("1.5"), UnitKind.COUNT, "tickets") == "1.5 tickets"

    @pytest.mark.parametrize("text", ["1 ticket a day", "1 tickets a day", "1"])
    def test_is_read_as_it_is_said(self, text):
        assert without_unit(text, "tickets a day") == "1"
