from __future__ import annotations

import hashlib
import json
import unicodedata
from decimal import Decimal
from typing import Any

import pytest
from django.test import TestCase

from accounts import actions as people
from initiatives import actions as initiatives
from initiatives import facts, statement
from initiatives.models import Initiative, Measurement, Metric, Ownership
from initiatives.stages import Gate, Role
from initiatives.triage import QUESTIONS
from reviews import actions, gates, queries, snapshots
from reviews.snapshots import Change
from tests import factories
from tests.factories import NOON, TODAY
from tests.reviews.scenes import DAY, give, threshold


class SnapshotTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.lead = cls.cast.lead
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast)
        cls.metric = Metric.objects.get(initiative=cls.initiative)

    def material(self) -> dict[str, Any]:
        return snapshots.material(facts.load_one(self.initiative.pk), 1)

    def digest(self) -> str:
        return snapshots.digest(snapshots.canonical(self.material()))


@pytest.mark.embedded
class TestMaterial(SnapshotTestCase):
    """What signers sign."""

    def test_is_these_fields_and_no_others(self):
        pk, kill = self.metric.pk, self.initiative.kill_conditions.get().pk
        assert set(self.material()) == {
            "policy", "decision_date", "name", "problem", "users", "outcome", "process", "scope",
            "pilot_days", "pilot_budget", "monthly_cost", "vendor", "system_name", "level",
            "legal_class",
            *(f"triage.{question}" for question in QUESTIONS),
            *(f"owner.{role}" for role in self.cast.owners),
            "owner.production_sketch.owner", "owner.stakeholders.users",
            *(
                f"metric.{pk}.{field}" for field in (
                    "name", "kind", "is_primary", "unit_kind", "unit", "direction", "baseline",
                    "target", "threshold", "method", "source", "window_days", "minimum_sample",
                    "cadence_days", "worth",
                )
            ),
            *(
                f"kill_condition.{kill}.{field}" for field in (
                    "kind", "metric_id", "comparator", "threshold", "by_decision_date",
                    "due_date", "in_a_row", "spend_cap",
                )
            ),
            "answer.data_audit.sources",
            "answer.integration_scope.workflow", "answer.integration_scope.data_contract",
            "answer.integration_scope.environment",
            "answer.production_sketch.infrastructure", "answer.production_sketch.run_cost",
            "answer.production_sketch.payer",
            "answer.approach_decision.tried", "answer.approach_decision.gap",
            "answer.pilot_conditions.conditions",
        }  # fmt: skip

    def test_has_what_was_found_out_only_where_something_is_said(self):
        before = set(self.material())
        question = factories.make_question(initiative=self.initiative)
        clean = factories.make_evaluation_set(metric=self.metric, verified_by="")
        factories.make_evaluation_set(
            metric=self.metric, is_messy=True, size=212, owner=self.cast.user, location=""
        )
        initiatives.watch_metric(metric=self.metric, paged=self.cast.user, by=None, at=NOON)
        found = self.material()
        assert {key: found[key] for key in set(found) - before} == {
            f"question.{question.pk}.question": "Do motor claims work as well?",
            f"question.{question.pk}.is_blocking": False,
            f"question.{question.pk}.closed": False,
            "evaluation_set.name": "Letters of May",
            "evaluation_set.metric_id": self.metric.pk,
            "evaluation_set.size": 400,
            "evaluation_set.location": "https://example.com/evaluation",
            "messy_set.name": "Letters of May",
            "messy_set.metric_id": self.metric.pk,
            "messy_set.size": 212,
            "messy_set.verified_by": "two senior handlers",
            "messy_set.owner_id": self.cast.user.pk,
            f"metric.{self.metric.pk}.paged": self.cast.user.pk,
        }
        assert clean.owner_id is None

    def test_has_all_that_is_known_of_a_question(self):
        question = factories.make_question(
            initiative=self.initiative, owner=self.cast.user, estimate_days=0,
            estimate_cost=1_200, due_date=NOON.date(), is_blocking=True,
        )  # fmt: skip
        initiatives.close_question(question=question, answer="They do.", by=None, at=NOON)
        found, key = self.material(), f"question.{question.pk}"
        assert {k: v for k, v in found.items() if k.startswith("question.")} == {
            f"{key}.question": "Do motor claims work as well?",
            f"{key}.owner_id": self.cast.user.pk,
            f"{key}.estimate_days": 0,
            f"{key}.estimate_cost": 1_200,
            f"{key}.due_date": "2026-03-02",
            f"{key}.is_blocking": True,
            f"{key}.closed": True,
        }

    def test_names_people_by_id(self):
        assert self.material()["owner.sponsor"] == self.cast.sponsor.pk
        assert self.cast.sponsor.name not in json.dumps(self.material())

    def test_spells_decimals_in_one_way(self):
        assert self.material()[f"metric.{self.metric.pk}.threshold"] == "2700"
        Metric.objects.update(threshold=Decimal("0.500000"), baseline=Decimal("1E+3"))
        found = self.material()
        assert found[f"metric.{self.metric.pk}.threshold"] == "0.5"
        assert found[f"metric.{self.metric.pk}.baseline"] == "1000"

    def test_spells_days_as_iso(self):
        assert self.material()["decision_date"] == "2026-03-02"

    def test_spells_texts_composed(self):
        decomposed = unicodedata.normalize("NFD", "Größe klären")
        Initiative.objects.update(problem=decomposed)
        assert self.material()["problem"] == "Größe klären"
        before = self.digest()
        Initiative.objects.update(problem="Größe klären")
        assert self.digest() == before

    def test_does_not_depend_on_the_order_of_rows(self):
        factories.make_metric(initiative=self.initiative, name="Wrong queues", is_primary=False)
        known = facts.load_one(self.initiative.pk)
        turned = facts.Facts(
            **{
                name: tuple(reversed(value)) if isinstance(value, tuple) else value
                for name in facts.Facts.__dataclass_fields__
                if (value := getattr(known, name)) is not NotImplemented
            }
        )
        assert snapshots.canonical(snapshots.material(turned, 1)) == snapshots.canonical(
            snapshots.material(known, 1)
        )

    def test_pins_the_policy(self):
        known = facts.load_one(self.initiative.pk)
        assert snapshots.material(known, 2) != snapshots.material(known, 1)


@pytest.mark.embedded
class TestCanonical(SnapshotTestCase):
    def test_is_json_with_sorted_keys_and_no_blanks(self):
        assert snapshots.canonical({"b": None, "a": "ä"}) == '{"a":"ä","b":null}'

    def test_is_named_by_its_sha_256(self):
        text = snapshots.canonical(self.material())
        assert snapshots.digest(text) == hashlib.sha256(text.encode("utf-8")).hexdigest()

    def test_reads_back_as_what_it_was(self):
        assert json.loads(snapshots.canonical(self.material())) == self.material()


@pytest.mark.embedded
class TestDigest(SnapshotTestCase):
    def setUp(self):
        self.before = self.digest()

    def test_is_left_equal_by_a_nightly_measurement(self):
        for day in range(3):
            factories.make_measurement(
                metric=self.metric, value=9_000 + day, at=NOON + day * DAY, is_automatic=True
            )
        assert self.digest() == self.before

    def test_is_left_equal_by_spend(self):
        initiatives.record_spend(
            initiative=self.initiative, amount=10, spent_on=NOON.date(), by=self.lead, at=NOON
        )
        assert self.digest() == self.before

    def test_is_left_equal_by_accepting(self):
        people.deactivate(person=self.cast.sponsor, by=None, at=NOON)
        assert self.digest() == self.before  # by whom it is held is for the criteria to judge

    def test_is_left_equal_by_a_condition_that_trips(self):
        condition = self.initiative.kill_conditions
        condition.update(state="tripped", tripped_at=NOON, tripped_because="late")
        assert self.digest() == self.before

    def test_is_left_equal_by_a_condition_that_is_waived(self):
        condition = self.initiative.kill_conditions
        condition.update(state="waived", tripped_at=NOON, waived_until=NOON.date())
        assert self.digest() == self.before

    def test_says_nothing_of_owners_in_conditions_about_others(self):
        kept = snapshots.material(facts.load_one(self.initiative.pk), 1)
        assert not [key for key in kept if key.endswith((".owner_role", ".missing_days"))]
        factories.make_kill_condition(initiative=self.initiative, kind="owner", missing_days=9)
        kept = snapshots.material(facts.load_one(self.initiative.pk), 1)
        assert [v for key, v in kept.items() if key.endswith(".missing_days")] == [9]

    def test_is_left_equal_by_saving_what_was_there(self):
        initiatives.edit(
            initiative=self.initiative, by=self.lead, at=NOON, problem=self.initiative.problem
        )
        assert self.digest() == self.before

    def test_is_changed_by_a_correction_of_what_was_measured(self):
        first = factories.make_measurement(metric=self.metric, value=9_000)
        cited = self.digest()
        factories.make_measurement(metric=self.metric, value=9_100, corrects=first)
        assert self.digest() != cited

    def test_is_left_equal_by_measurements_after_a_correction(self):
        first = factories.make_measurement(metric=self.metric, value=9_000)
        factories.make_measurement(metric=self.metric, value=9_100, corrects=first)
        corrected = self.digest()
        later = [
            Measurement(
                metric=self.metric, value=day, measured_at=NOON + day * DAY, recorded_at=NOON
            )
            for day in range(1, facts.RECENT + 5)
        ]
        Measurement.objects.bulk_create(later)
        assert self.digest() == corrected

    def test_is_changed_by_a_threshold_and_restored_with_it(self):
        threshold(self.initiative, 2_400, self.lead)
        assert self.digest() != self.before
        threshold(self.initiative, 2_700, self.lead)
        assert self.digest() == self.before

    def test_is_changed_by_another_owner(self):
        give(self.initiative, Role.SPONSOR, self.cast.user)
        assert self.digest() != self.before

    def test_is_changed_by_an_owner_who_goes(self):
        ownership = Ownership.objects.get(initiative=self.initiative, role=Role.SPONSOR)
        initiatives.end_ownership(ownership=ownership, by=None, at=NOON)
        assert self.digest() != self.before

    def test_is_changed_by_an_answer(self):
        self.answer(workflow="Somewhere else.", data_contract="x", environment="y")
        assert self.digest() != self.before

    def test_is_changed_by_setting_a_criterion_aside(self):
        actions.answer(
            initiative=self.initiative,
            criterion="integration_scope",
            values={},
            not_applicable_because="It stands alone.",
            by=self.lead,
            at=NOON,
        )
        key = "answer.integration_scope.not_applicable"
        assert self.material()[key] == "It stands alone."
        assert self.digest() != self.before

    def test_is_changed_by_the_triage(self):
        factories.make_triage(initiative=self.initiative, yes=["bought"])
        assert self.digest() != self.before

    def test_is_changed_by_a_kill_condition(self):
        factories.make_kill_condition(initiative=self.initiative)
        assert self.digest() != self.before

    def test_is_changed_by_the_decision_date(self):
        Initiative.objects.update(decision_date=NOON.date() + DAY)
        assert self.digest() != self.before

    def test_is_changed_by_a_question_each_time_something_is_said_of_it(self):
        seen = {self.before}
        question = factories.make_question(initiative=self.initiative)
        values = {"question": question.question}
        seen.add(self.digest())
        for more in ({"is_blocking": True}, {"owner": self.cast.user}, {"estimate_days": 3}):
            values |= more
            initiatives.change_question(question=question, values=values, by=None, at=NOON)
            seen.add(self.digest())
        initiatives.close_question(question=question, answer="They do.", by=None, at=NOON)
        seen.add(self.digest())
        assert len(seen) == 6

    def test_is_changed_by_another_evaluation_set_and_left_equal_by_a_run(self):
        described = factories.make_evaluation_set(metric=self.metric)
        cited = self.digest()
        assert cited != self.before
        factories.make_run(evaluation_set=described)
        assert self.digest() == cited
        factories.make_evaluation_set(metric=self.metric, size=500)
        assert self.digest() != cited

    def test_is_changed_by_whoever_is_paged(self):
        initiatives.watch_metric(metric=self.metric, paged=self.cast.user, by=None, at=NOON)
        assert self.digest() != self.before

    def answer(self, **values: str) -> None:
        actions.answer(
            initiative=self.initiative,
            criterion="integration_scope",
            values=values,
            by=self.lead,
            at=NOON,
        )


class TestObserved(SnapshotTestCase):
    def test_holds_the_last_measurements_and_the_spend(self):
        factories.make_measurement(metric=self.metric, value=9_000, at=NOON - DAY)
        factories.make_measurement(
            metric=self.metric, value=8_000, sample_size=812, is_automatic=True
        )
        initiatives.record_spend(
            initiative=self.initiative, amount=120, spent_on=NOON.date(), by=self.lead, at=NOON
        )
        kept = snapshots.observed(facts.load_one(self.initiative.pk))
        assert kept["results"][0].endswith("(n = 812, automatic); threshold 45 min.")
        assert {key: kept[key] for key in ("spent", "measured")} == {
            "spent": 120,
            "measured": {
                str(self.metric.pk): {
                    "value": "8000",
                    "at": NOON.isoformat(),
                    "n": 812,
                    "automatic": True,
                }
            },
        }

    def test_is_plain_where_nothing_was_measured(self):
        known = facts.load_one(self.initiative.pk)
        assert snapshots.observed(known) == {
            "statement": statement.of(known),
            "results": [],
            "kill_conditions": [known.kill_conditions[0].sentence()],
            "verdicts": [],
            "spent": 0,
            "measured": {},
        }

    def test_holds_what_was_judged(self):
        known = facts.load_one(self.initiative.pk)
        found = gates.evaluate(known, Gate.CHARTER, queries.current_policy(), TODAY)
        kept = snapshots.observed(known, found)["verdicts"]
        assert [said["criterion"] for said in kept] == [j.criterion.key for j in found]
        assert kept[0] == {
            "criterion": "described",
            "met": True,
            "reason": found[0].verdict.reason,
            "not_applicable": False,
        }


class TestChanges(SnapshotTestCase):
    def test_are_listed_by_key_with_before_and_after(self):
        assert snapshots.changes('{"a":1,"b":2,"c":3}', '{"a":1,"b":4,"d":5}') == [
            Change("b", 2, 4),
            Change("c", 3, None),
            Change("d", None, 5),
        ]

    def test_are_none_between_equal_texts(self):
        text = snapshots.canonical(self.material())
        assert snapshots.changes(text, text) == []

    def words(self, key: str, before: Any, after: Any) -> tuple[str, str, str]:
        known = facts.load_one(self.initiative.pk)
        return snapshots.label(Change(key, before, after), known, {7: "Ada Berg"})

    def test_are_said_in_words(self):
        metric = f"metric.{self.metric.pk}"
        name = "Time until a claim is with its handler"
        assert self.words(f"{metric}.threshold", "2700", "2400") == (
            f"Threshold of {name}", "45 min", "40 min",
        )  # fmt: skip
        assert self.words(f"{metric}.target", None, "2400") == (
            f"Target of {name}", "–", "40 min",
        )  # fmt: skip
        assert self.words(f"{metric}.method", "Median", "") == (
            f"Method of {name}", "Median", "nothing",
        )  # fmt: skip
        assert self.words("owner.sponsor", 7, None) == ("Sponsor", "Ada Berg", "nobody")
        assert self.words("owner.sponsor", 8, 7) == ("Sponsor", "somebody else", "Ada Berg")
        assert self.words("problem", "", "Waiting") == ("Problem", "nothing", "Waiting")
        assert self.words("triage.personal_data", False, True) == ("Personal data", "no", "yes")
        assert self.words("pilot_budget", 0, 1) == ("Pilot budget", "EUR 0", "EUR 1")
        assert self.words("decision_date", None, "2026-10-31") == (
            "Decision date", "nothing", "31 Oct 2026",
        )  # fmt: skip
        assert self.words("answer.data_audit.note", "a", "b") == (
            "Data audit: note", "a", "b",
        )  # fmt: skip
        assert self.words("kill_condition.3.spend_cap", None, 5) == (
            "Kill condition: spend cap", "nothing", "EUR 5",
        )  # fmt: skip

    def test_say_what_was_found_out_in_words(self):
        question = factories.make_question(initiative=self.initiative)
        key, what = f"question.{question.pk}", f"Open question “{question.question}”"
        assert self.words(f"{key}.question", None, "And bicycles?") == (
            "Open question", "nothing", "And bicycles?",
        )  # fmt: skip
        assert self.words(f"{key}.owner_id", None, 7) == (f"{what}: owner", "nobody", "Ada Berg")
        assert self.words(f"{key}.estimate_days", 3, 5) == (f"{what}: estimate days", "3", "5")
        assert self.words(f"{key}.is_blocking", True, False) == (f"{what}: blocking", "yes", "no")
        assert self.words(f"{key}.closed", False, True) == (f"{what}: closed", "no", "yes")
        assert self.words("question.999.closed", False, True)[0] == "Open question: closed"
        name = self.metric.name
        assert self.words("evaluation_set.size", 400, None) == (
            "Evaluation set: size", "400", "nothing",
        )  # fmt: skip
        assert self.words("evaluation_set.verified_by", None, "Two handlers") == (
            "Evaluation set: verified by", "nothing", "Two handlers",
        )  # fmt: skip
        assert self.words("messy_set.owner_id", 7, 8) == (
            "Messy evaluation set: owner", "Ada Berg", "somebody else",
        )  # fmt: skip
        assert self.words("messy_set.metric_id", None, self.metric.pk) == (
            "Messy evaluation set: metric", "nothing", name,
        )  # fmt: skip
        assert self.words(f"metric.{self.metric.pk}.paged", None, 7) == (
            f"Paged about {name}", "nobody", "Ada Berg",
        )  # fmt: skip
        assert self.words("metric.999.paged", 7, None) == ("Paged", "Ada Berg", "nobody")

    def test_name_the_people_who_were_found_out_about(self):
        before = snapshots.canonical(self.material())
        factories.make_question(initiative=self.initiative, owner=self.cast.user)
        factories.make_evaluation_set(metric=self.metric, owner=self.cast.sponsor)
        initiatives.watch_metric(metric=self.metric, paged=self.cast.lead, by=None, at=NOON)
        found = queries.in_words(
            before, snapshots.canonical(self.material()), facts.load_one(self.initiative.pk)
        )
        names = {label: after for label, _, after in found}
        assert names["Open question “Do motor claims work as well?”: owner"] == "Uma User"
        assert names["Evaluation set: owner"] == "Sam Sponsor"
        assert names[f"Paged about {self.metric.name}"] == "Lea Lund"

    def test_take_no_answer_for_a_person(self):
        odd = [Change("answer.ledger.owner_id", "Maria", None), Change("answer.x.paged", "a", [])]
        assert snapshots.people_in(odd) == set()

    def test_say_a_corrected_value_in_its_unit(self):
        first = factories.make_measurement(metric=self.metric, value=9_000)
        before = snapshots.canonical(self.material())
        factories.make_measurement(metric=self.metric, value=7_200, corrects=first)
        known = facts.load_one(self.initiative.pk)
        found = snapshots.changes(before, snapshots.canonical(self.material()))
        assert [snapshots.label(change, known, {}) for change in found] == [
            ("Measurement of Time until a claim is with its handler", "as it was", "2 h")
        ]
