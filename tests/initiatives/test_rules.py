from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from initiatives.models import KillCondition, Measurement, Metric
from initiatives.rules import looks_like_a_model_score, metric_faults, trip_reason
from initiatives.units import Direction, UnitKind
from tests.factories import metric_values

DUE = date(2026, 3, 2)
DAY = timedelta(days=1)


class TestMetricFaults:
    def faults(self, direction, baseline, threshold, target):
        bounds = {"baseline": baseline, "threshold": threshold, "target": target}
        numbers = {k: None if v is None else Decimal(v) for k, v in bounds.items()}
        return set(metric_faults({"direction": direction, **numbers}))

    @pytest.mark.parametrize(
        ("baseline", "threshold", "target", "faulty"),
        [
            (240, 45, 30, set()),
            (240, 45, 45, set()),
            (240, 240, 30, {"threshold"}),
            (240, 300, 30, {"threshold"}),
            (240, 45, 60, {"target"}),
            (240, 300, 350, {"threshold", "target"}),
            (None, 45, 30, set()),
            (240, None, 500, set()),
            (240, 45, None, set()),
            (None, None, None, set()),
        ],
    )
    def test_finds_bounds_on_the_wrong_side_in_both_directions(
        self, baseline, threshold, target, faulty
    ):
        assert self.faults(Direction.LOWER, baseline, threshold, target) == faulty
        mirrored = [None if v is None else -v for v in (baseline, threshold, target)]
        assert self.faults(Direction.HIGHER, *mirrored) == faulty

    def test_takes_zero_for_a_number(self):
        assert self.faults(Direction.LOWER, 0, 5, None) == {"threshold"}
        assert self.faults(Direction.LOWER, 5, 0, 0) == set()

    def test_says_which_side_and_what_to_do(self):
        values = {"direction": "lower", "baseline": Decimal(1), "threshold": Decimal(2)}
        said = metric_faults(values)["threshold"]
        assert "below the baseline, because lower is better" in said
        assert "Change one of the two" in said


class TestLooksLikeAModelScore:
    @pytest.mark.parametrize(
        "name", ["F1", "accuracy", "Top-1 Accuracy", "AUC-ROC", "mean MSE", "Triage (F1)"]
    )
    def test_knows_the_scores(self, name):
        assert looks_like_a_model_score(name)

    @pytest.mark.parametrize(
        "name", ["Time to resolve", "recalls a month", "Claims per day", "Loss ratio", ""]
    )
    def test_leaves_business_words_alone(self, name):
        assert not looks_like_a_model_score(name)


def metric(**changes):
    return Metric(**metric_values(**changes))


def condition(**changes):
    """Stop if it is above 2 h by the decision date."""
    wanted = {
        "kind": "metric",
        "metric": metric(),
        "comparator": "above",
        "threshold": Decimal(7200),
        "by_decision_date": True,
        "agreed_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return KillCondition(**(wanted | changes))


def measured(*values):
    """Newest first, a day apart, the last one on the day it is due."""
    last = datetime(2026, 3, 2, 9, tzinfo=UTC)
    return [
        Measurement(value=Decimal(value), measured_at=last - place * DAY)
        for place, value in enumerate(values)
    ]


def reason(kill, *values, today=DUE + DAY, due=DUE, spent=0):
    return trip_reason(kill, measured(*values), spent=spent, due=due, today=today)


class TestTripReasonByADate:
    @pytest.mark.parametrize(
        ("today", "trips"), [(DUE - DAY, False), (DUE, False), (DUE + DAY, True)]
    )
    def test_waits_until_the_day_is_over(self, today, trips):
        assert bool(reason(condition(), 7201, today=today)) is trips

    @pytest.mark.parametrize(
        ("comparator", "value", "trips"),
        [
            ("above", 7201, True), ("above", 7200, False), ("above", 0, False),
            ("below", 7199, True), ("below", 7200, False), ("below", 99999, False),
        ],
    )  # fmt: skip
    def test_trips_past_the_limit_and_not_at_it(self, comparator, value, trips):
        assert bool(reason(condition(comparator=comparator), value)) is trips

    def test_looks_at_the_newest_value_alone(self):
        assert reason(condition(), 7000, 9000) is None
        assert reason(condition(), 9000, 7000) is not None

    def test_trips_when_nothing_was_measured(self):
        assert reason(condition()) == "nothing was measured by 2 Mar 2026"

    def test_says_what_was_measured_and_what_the_limit_was(self):
        said = "measured 2.5 h on 2 Mar 2026; the limit by 2 Mar 2026 was 2 h"
        assert reason(condition(), 9000) == said

    def test_never_trips_without_a_date(self):
        assert reason(condition(), 9000, due=None) is None


class TestTripReasonInARow:
    kill = condition(by_decision_date=False, in_a_row=3)

    @pytest.mark.parametrize(
        ("values", "trips"),
        [
            ((), False),
            ((9000, 9000), False),
            ((9000, 9000, 9000), True),
            ((9000, 9000, 9000, 10), True),
            ((9000, 7200, 9000, 9000), False),
            ((10, 9000, 9000, 9000), False),
        ],
    )
    def test_trips_when_the_last_ones_all_fail(self, values, trips):
        assert bool(reason(self.kill, *values, due=None)) is trips

    def test_counts_from_the_day_it_was_agreed_on(self):
        kill = condition(in_a_row=3, agreed_at=datetime(2026, 3, 1, tzinfo=UTC))
        assert reason(kill, 9000, 9000, 9000, today=DUE) is None

    def test_trips_by_its_date_as_well_where_it_has_one(self):
        kill = condition(in_a_row=3)
        assert reason(kill, 9000) is not None
        assert reason(kill, 60) is None

    def test_does_not_wait_for_a_date(self):
        assert reason(self.kill, 9000, 9000, 9000, today=DUE - DAY) is not None

    def test_lists_the_values_oldest_first(self):
        said = "3 measurements running above 2 h: 3 h, 2.5 h, 2.4 h"
        assert reason(self.kill, 8640, 9000, 10800) == said


class TestTripReasonBySpend:
    kill = KillCondition(kind="spend", spend_cap=10_000)

    @pytest.mark.parametrize(("spent", "trips"), [(0, False), (10_000, False), (10_001, True)])
    def test_trips_past_the_cap(self, spent, trips):
        assert bool(reason(self.kill, spent=spent, due=None)) is trips

    def test_says_both_amounts(self):
        assert reason(self.kill, spent=12_500) == "12,500 spent; the cap is 10,000"


class TestSentence:
    def test_says_what_was_agreed(self):
        name = "Time until a claim is with its handler"
        said = {
            str(condition()): f"Stop if {name} is above 2 h by the decision date",
            str(condition(by_decision_date=False, in_a_row=3)): (
                f"Stop if {name} is above 2 h in 3 measurements running"
            ),
            str(condition(by_decision_date=False, due_date=DUE)): (
                f"Stop if {name} is above 2 h by 2 Mar 2026"
            ),
            str(KillCondition(kind="spend", spend_cap=10_000)): "Stop if spend passes EUR 10,000",
        }
        assert {sentence: sentence for sentence in said} == {v: v for v in said.values()}


class TestReaches:
    @pytest.mark.parametrize(
        ("direction", "value", "reached"),
        [("lower", 44, True), ("lower", 45, True), ("lower", 46, False),
         ("higher", 44, False), ("higher", 45, True), ("higher", 46, True)],
    )  # fmt: skip
    def test_is_at_or_past_the_bound(self, direction, value, reached):
        assert metric(direction=direction).reaches(Decimal(value), Decimal(45)) is reached

    def test_speaks_in_the_metrics_unit(self):
        counted = metric(unit_kind=UnitKind.COUNT, unit="letters")
        assert counted.words(Decimal("640.000000")) == "640 letters"
