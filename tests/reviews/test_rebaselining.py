"""Another charter: proposed with a reason, signed like the first, in force when decided (P29)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from audit import queries as audit
from audit.queries import EventRecord
from initiatives import actions as initiatives
from initiatives import facts
from initiatives.models import Baseline, Initiative, KillCondition, Metric
from initiatives.stages import SpecialReview
from notifications import actions as notifications
from notifications.models import Reminder
from portfolio.queries import brief
from reviews import actions, policy, queries, rebaselines, since
from reviews.dry_run import DryRun
from reviews.models import Decision, Review
from reviews.packs import contents, paper
from tests import factories
from tests.factories import NOON, TODAY
from tests.reviews.scenes import DAY, give, refusal, sign, standing, state
from tests.reviews.test_views import text_of

WHY = "Motor claims take longer; nobody knew."


def told(kind: str) -> EventRecord:
    """The one event of this kind, as it reads in the log."""
    (found,) = (event for event in audit.events_after(0, 1_000) if event.kind == kind)
    return found


class Read(paper.Paper):
    """A paper that can be read again as lines."""

    def __init__(self, pack: contents.Pack) -> None:
        super().__init__(pack)
        self.lines: list[str] = []

    def say(self, text: str, **more: Any) -> None:
        self.lines.append(text)
        super().say(text, **more)

    def rows(self, headings: Any, rows: Any, widths: Any, size: float = 9) -> None:
        self.lines += [" | ".join(row) for row in rows]
        super().rows(headings, rows, widths, size)


def written(pack: contents.Pack) -> list[str]:
    """What its paper says between the result and the signatures."""
    read = Read(pack)
    read.add_page()
    for write in paper.SECTIONS:
        write(read, pack)
    read.output()  # which closes its fonts
    begins = ("Re-baselined", "What it changes", "Signatures")
    first = next(n for n, line in enumerate(read.lines) if line.startswith(begins))
    return read.lines[first : read.lines.index("Signatures")]


class Rebaselined(TestCase):
    """A pilot of twenty days, whose threshold somebody wants to move from 45 to 50 minutes."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.initiative = factories.make_pilot(cast=cls.cast, at=NOON - 20 * DAY)
        cls.metric = Metric.objects.get()
        cls.condition = KillCondition.objects.get()

    @property
    def key(self) -> str:
        return f"metric.{self.metric.pk}.threshold"

    @property
    def limit(self) -> str:
        return f"kill_condition.{self.condition.pk}.threshold"

    def propose(self, changes: dict[str, Any] | None = None, **more: Any) -> Review:
        said = {"reason": WHY, "by": self.cast.business_owner, "at": NOON}
        return actions.propose_baseline(
            initiative=self.initiative,
            changes={self.key: Decimal(3_000)} if changes is None else changes,
            **(said | more),
        )

    def refused(self, changes: dict[str, Any] | None = None, **more: Any) -> Any:
        return refusal(self.propose, changes, **more)

    def sign_all(self, review: Review, at: Any = NOON) -> None:
        factories.sign_in_turn(review=review, by=self.cast.signers, at=at)

    def decide(self, by: Person | None = None, **more: Any) -> Decision:
        said = {"kind": "rebaseline", "reason": "Agreed.", "at": NOON} | more
        return actions.decide(initiative=self.initiative, by=by or self.cast.sponsor, **said)

    def threshold(self) -> Decimal | None:
        return Metric.objects.get(pk=self.metric.pk).threshold

    def now(self) -> Initiative:
        return factories.reloaded(self.initiative)


class TestProposeBaseline(Rebaselined):
    def test_stores_the_whole_charter_and_changes_nothing(self):
        before = self.threshold()
        review = self.propose()
        proposed = Baseline.objects.proposed().get()
        assert proposed == review.baseline
        assert (proposed.version, proposed.reason) == (None, WHY)
        assert (proposed.proposed_by, proposed.proposed_at) == (self.cast.business_owner, NOON)
        assert proposed.charter["metrics"][0]["threshold"] == "3000"
        assert proposed.charter["problem"] == self.initiative.problem
        assert self.threshold() == before
        assert Baseline.objects.in_force().get().version == 1

    def test_asks_for_the_charters_signatures(self):
        review = self.propose()
        assert review.gate == SpecialReview.REBASELINE
        assert set(review.slots.values_list("key", flat=True)) == {
            "sponsor", "business_owner", "engineering_owner", "compliance",
        }  # fmt: skip
        assert queries.requests_for(self.cast.sponsor, TODAY)[0].review == review

    def test_asks_what_the_proposed_fields_touch(self):
        asked = {j.criterion.key for j in standing(self.propose()).judged}
        assert asked == {"primary_metric_complete", "kill_condition_armed", "nothing_tripped"}

    def test_asks_of_another_problem_whether_it_is_described(self):
        asked = {j.criterion.key: j for j in standing(self.propose({"problem": ""})).judged}
        assert set(asked) == {"described", "nothing_tripped"}
        assert not asked["described"].is_met

    def test_shows_the_success_statement_as_it_would_be(self):
        now = standing(self.propose())
        assert "to 50 min" in now.statement
        assert "50 min" in now.review.observed["statement"]

    def test_makes_what_is_proposed_material(self):
        content = json.loads(standing(self.propose()).material)
        assert content[f"proposed.{self.key}"] == "3000"
        assert content[self.key] == "2700"
        assert content["proposed.reason"] == WHY

    def test_brings_in_who_signs_for_a_larger_budget(self):
        factories.make_group_member(group="finance", name="Fay Finance")
        review = self.propose({"pilot_budget": 400_000})
        assert review.slots.filter(key="finance").exists()

    def test_is_told_in_the_history(self):
        self.propose()
        event = told("baseline.proposed")
        assert event.changed["reason"] == WHY
        assert event.changed[self.key] == ["2700", "3000"]
        assert event.initiative_id == self.initiative.pk

    def test_leaves_signatures_on_other_reviews_alone(self):
        review = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON
        )
        sign(review, "sponsor", self.cast.sponsor)
        self.propose()
        actions.notice_changes(at=NOON)
        assert state(review, "sponsor").live

    def test_is_for_those_who_may_edit(self):
        outsider = factories.make_person(name="Otto Outsider")
        assert self.refused(by=outsider).rule == "not_an_editor"

    def test_needs_a_reason(self):
        assert self.refused(reason="  ").field == "reason"

    def test_needs_a_difference(self):
        assert self.refused({self.key: Decimal(2_700)}).rule == "nothing_changed"

    def test_is_one_at_a_time(self):
        self.propose()
        assert self.refused().rule == "already_proposed"

    def test_needs_a_signed_charter(self):
        draft = factories.make_ready_for_charter(cast=self.cast, name="Draft")
        no = refusal(
            actions.propose_baseline, initiative=draft, changes={"problem": "x"}, reason=WHY,
            by=self.cast.business_owner, at=NOON,
        )  # fmt: skip
        assert no.rule == "no_charter"

    def test_refuses_bounds_that_contradict_each_other(self):
        no = self.refused({self.key: Decimal(20_000)})
        assert (no.rule, no.field) == ("bounds_contradict", self.key)

    def test_asks_what_a_models_score_is_worth(self):
        name = f"metric.{self.metric.pk}.name"
        no = self.refused({name: "F1 of the triage"})
        assert (no.rule, no.field) == ("score_without_worth", f"metric.{self.metric.pk}.worth")
        assert self.propose({name: "F1 of the triage", f"metric.{self.metric.pk}.worth": "9 min"})

    def test_refuses_a_metric_without_a_name(self):
        assert self.refused({f"metric.{self.metric.pk}.name": " "}).rule == "no_name"

    def test_refuses_a_condition_without_a_limit(self):
        no = self.refused({self.limit: None})
        assert (no.rule, no.field) == ("no_limit", self.limit)

    def test_refuses_another_limit_of_what_has_tripped(self):
        KillCondition.objects.update(state="tripped", tripped_at=NOON)
        no = self.refused({self.limit: Decimal(9_000)})
        assert (no.rule, no.field) == ("tripped", self.limit)

    def test_refuses_a_day_that_has_passed(self):
        KillCondition.objects.update(by_decision_date=False, due_date=TODAY + DAY)
        Baseline.objects.in_force().update(charter=self.charter_now())
        key = f"kill_condition.{self.condition.pk}.due_date"
        assert self.refused({key: TODAY - DAY}).field == key
        assert self.refused({key: None}).rule == "never_due"
        assert self.propose({key: TODAY + 2 * DAY})

    def charter_now(self) -> dict[str, Any]:
        from initiatives.baselines import charter_of

        return charter_of(facts.load_one(self.initiative.pk))

    def test_turns_conditions_with_the_direction(self):
        pk = self.metric.pk
        review = self.propose(
            {f"metric.{pk}.direction": "higher", f"metric.{pk}.baseline": Decimal(1_000),
             f"metric.{pk}.target": Decimal(4_000)}
        )  # fmt: skip
        assert review.baseline is not None
        assert review.baseline.charter["kill_conditions"][0]["comparator"] == "below"

    def test_does_not_touch_what_makes_a_metric_the_one_it_is(self):
        with pytest.raises(TypeError):
            self.propose({f"metric.{self.metric.pk}.unit_kind": "money"})


class TestRebaseline(Rebaselined):
    """The decision on a proposed charter."""

    def propose_and_sign(self, changes: dict[str, Any] | None = None) -> Review:
        review = self.propose(changes, at=NOON - DAY)
        self.sign_all(review, NOON - DAY)
        return review

    def test_brings_it_into_force_as_the_next_version(self):
        review = self.propose_and_sign({self.key: Decimal(3_000), "scope": "Motor as well"})
        decision = self.decide()
        first, second = Baseline.objects.order_by("version")
        assert (first.in_force_until, second.in_force_since) == (NOON, NOON)
        assert (second.version, second.in_force_until) == (2, None)
        assert self.threshold() == 3_000
        assert self.now().scope == "Motor as well"
        assert decision.from_stage == decision.to_stage == self.initiative.stage
        assert decision.review == review
        assert Review.objects.get(pk=review.pk).closing == "decided"

    def test_keeps_the_stage_and_its_date(self):
        self.propose_and_sign()
        self.decide()
        assert self.now().stage == self.initiative.stage
        assert self.now().decision_date == self.initiative.decision_date

    def test_says_with_the_decision_what_was_signed(self):
        self.propose_and_sign()
        decision = self.decide()
        assert "50 min" in decision.observed["statement"]
        closed = standing(Review.objects.get(gate="rebaseline"))
        assert "50 min" in closed.statement
        assert {j.criterion.key for j in closed.judged} >= {"primary_metric_complete"}

    def test_makes_signatures_on_other_reviews_stale_and_says_why(self):
        other = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON - 2 * DAY
        )
        sign(other, "sponsor", self.cast.sponsor, at=NOON - 2 * DAY)
        self.propose_and_sign()
        self.decide()
        now = state(other, "sponsor")
        assert not now.live
        changes = standing(other).changes_since(now.stale[0])
        assert (
            "Threshold of Time until a claim is with its handler",
            "45 min",
            "50 min",
        ) in changes

    def test_agrees_anew_on_a_condition_whose_limit_moves(self):
        self.propose_and_sign({self.limit: Decimal(9_000)})
        self.decide()
        condition = KillCondition.objects.get()
        assert (condition.threshold, condition.agreed_at) == (9_000, NOON)

    def test_leaves_what_it_does_not_change(self):
        before = KillCondition.objects.get().agreed_at
        self.propose_and_sign()
        self.decide()
        assert KillCondition.objects.get().agreed_at == before

    def test_raises_the_level_with_the_budget(self):
        light = factories.make_pilot(
            cast=self.cast, name="Small", pilot_budget=5_000, monthly_cost=500, at=NOON - 9 * DAY
        )
        assert light.level == "light"
        review = actions.propose_baseline(
            initiative=light, changes={"pilot_budget": 90_000}, reason=WHY,
            by=self.cast.business_owner, at=NOON,
        )  # fmt: skip
        assert review.slots.filter(key="compliance").exists()
        self.sign_all(review)
        actions.decide(
            initiative=light, kind="rebaseline", reason="So be it.", by=self.cast.sponsor, at=NOON
        )
        assert factories.reloaded(light).level == "standard"

    def test_is_found_by_new_words(self):
        self.propose_and_sign({"problem": "Everything about zebras"})
        self.decide()
        assert "zebras" in self.now().search_text

    def test_is_told_in_the_history(self):
        self.propose_and_sign()
        self.decide()
        assert told("baseline.in_force").changed["version"] == 2

    def test_can_be_followed_by_another_decision(self):
        self.propose_and_sign()
        self.decide()
        assert actions.decide(
            initiative=self.initiative, kind="pause", reason="Summer.", days=3,
            by=self.cast.sponsor, at=NOON,
        )  # fmt: skip

    def test_needs_every_signature(self):
        self.propose()
        no = refusal(self.decide)
        assert no.rule == "gate_unmet"
        assert self.threshold() == 2_700

    def test_waits_for_what_has_tripped(self):
        self.propose_and_sign()
        KillCondition.objects.update(state="tripped", tripped_at=NOON)
        assert refusal(self.decide).rule == "tripped"

    def test_needs_a_proposal(self):
        assert refusal(self.decide).rule == "no_open_review"

    def test_is_not_decided_by_who_proposed_it(self):
        review = self.propose(by=self.cast.lead)
        self.sign_all(review)
        assert refusal(self.decide, by=self.cast.lead).rule == "may_not_decide"

    def test_is_not_what_another_review_is_decided_with(self):
        self.propose_and_sign()
        assert refusal(self.decide, kind="proceed").rule == "no_open_review"

    def test_is_discarded_when_it_is_sent_back(self):
        review = self.propose_and_sign()
        self.decide(kind="send_back")
        assert Baseline.objects.get(pk=review.baseline_id).discarded_at == NOON
        assert self.threshold() == 2_700
        assert self.propose()

    def test_is_sent_back_by_itself(self):
        other = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON
        )
        mine = self.propose()
        self.decide(kind="send_back", review=mine)
        assert Review.objects.get(pk=other.pk).is_open
        assert not Review.objects.get(pk=mine.pk).is_open
        assert not Baseline.objects.proposed().exists()

    def test_stays_open_when_the_gates_review_is_sent_back(self):
        mine = self.propose()
        other = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON
        )
        self.decide(kind="send_back")
        assert not Review.objects.get(pk=other.pk).is_open
        assert Review.objects.get(pk=mine.pk).is_open
        assert Baseline.objects.proposed().exists()

    def test_is_discarded_when_it_is_withdrawn(self):
        review = self.propose()
        actions.withdraw(review=review, reason="A slip.", by=self.cast.business_owner, at=NOON)
        assert not Baseline.objects.proposed().exists()

    def test_is_discarded_when_the_initiative_is_killed(self):
        self.propose()
        actions.decide(
            initiative=self.initiative, kind="kill", reason="No.", by=self.cast.sponsor, at=NOON,
            outcome="withdrawn", lesson="Ask first.",
        )  # fmt: skip
        assert not Baseline.objects.proposed().exists()

    def test_stays_proposed_when_another_review_is_withdrawn(self):
        other = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON
        )
        self.propose()
        actions.withdraw(review=other, reason="Too early.", by=self.cast.business_owner, at=NOON)
        assert Baseline.objects.proposed().exists()

    def test_numbers_versions_by_what_came_into_force(self):
        review = self.propose()
        actions.withdraw(review=review, reason="A slip.", by=self.cast.business_owner, at=NOON)
        self.propose_and_sign()
        self.decide()
        assert Baseline.objects.in_force().get().version == 2


class TestHistory(Rebaselined):
    """Old beside new, wherever it is read."""

    def rebaseline(self, changes: dict[str, Any] | None = None, at: Any = NOON - DAY) -> None:
        self.sign_all(self.propose(changes, at=at), at)
        self.decide(at=at)

    def known(self) -> facts.Facts:
        return facts.load_one(self.initiative.pk)

    def test_says_what_each_version_changed(self):
        self.rebaseline()
        self.rebaseline({self.limit: Decimal(9_000)}, at=NOON)
        second, third = rebaselines.rebaselines(self.known())
        assert second.changes == [
            ("Threshold of Time until a claim is with its handler", "45 min", "50 min")
        ]
        assert (second.version.number, second.version.reason) == (2, WHY)
        assert second.version.decided_by == "Sam Sponsor"
        assert third.changes == [("Kill condition: threshold", "2 h", "2.5 h")]

    def test_is_empty_before_the_first(self):
        assert rebaselines.rebaselines(self.known()) == []

    def test_takes_one_query_however_many(self):
        self.rebaseline()
        known = self.known()
        with self.assertNumQueries(1):
            rebaselines.rebaselines(known)
        self.rebaseline({self.limit: Decimal(9_000)}, at=NOON)
        with self.assertNumQueries(1):
            rebaselines.rebaselines(known)

    def test_stands_in_every_later_review_with_its_day(self):
        self.rebaseline()
        review = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON
        )
        changes = since.last_review(standing(review)).changes
        assert (
            since.Changed(
                "Threshold of Time until a claim is with its handler",
                "45 min",
                "50 min",
                "re-baselined 1 Mar 2026",
            )
            in changes
        )

    def pack(self, review: Review) -> contents.Pack:
        return actions.prepare_pack(review=review, at=NOON + DAY)

    def test_stands_in_the_pack_of_every_later_review(self):
        self.rebaseline()
        review = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON
        )
        pack = self.pack(review)
        what = "Threshold of Time until a claim is with its handler"
        assert json.loads(contents.as_json(pack))["rebaselines"] == [
            {
                "version": 2,
                "in_force_since": "2026-03-01T12:00:00.000000Z",
                "decided_by": "Sam Sponsor",
                "reason": WHY,
                "changes": [{"what": what, "before": "45 min", "after": "50 min"}],
            }
        ]
        assert written(pack) == [
            "Re-baselined on 1 Mar 2026",
            "Sam Sponsor decided so.",
            f"Why: {WHY}",
            f"{what} | 45 min | 50 min",
        ]
        assert paper.as_pdf(pack).startswith(b"%PDF-")

    def test_does_not_stand_in_packs_of_earlier_ones(self):
        self.rebaseline()
        pack = self.pack(Review.objects.get(gate="charter"))
        assert json.loads(contents.as_json(pack))["rebaselines"] == []
        assert written(pack) == []

    def test_stands_in_its_own_pack_as_what_it_changes(self):
        self.rebaseline()
        pack = self.pack(Review.objects.get(gate=SpecialReview.REBASELINE))
        assert pack.rebaselines == []
        assert written(pack) == [
            "What it changes in the charter",
            "Why: Motor claims take longer; nobody knew.",
            "Threshold of Time until a claim is with its handler | 45 min | 50 min",
        ]

    def test_does_not_stand_in_earlier_ones(self):
        self.rebaseline()
        charter = Review.objects.get(gate="charter")
        assert since.last_review(standing(charter)).changes == []

    def test_compares_with_the_review_decided_last(self):
        give(self.initiative, "sponsor", self.cast.lead, at=NOON - DAY)
        initiatives.edit(
            initiative=self.initiative, by=self.cast.lead, at=NOON - DAY, monthly_cost=7_000
        )
        review = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON
        )
        found = since.last_review(standing(review))
        assert found.last is not None
        assert found.last.gate == "charter"
        assert {(c.what, c.before, c.after) for c in found.changes} == {
            ("Sponsor", "Sam Sponsor", "Lea Lund"),
            ("Monthly cost", "EUR 5,000", "EUR 7,000"),
        }

    def test_leaves_out_what_could_not_be_there_before(self):
        factories.make_metric(initiative=self.initiative, name="Wrong queues", is_primary=False,
                              kind="quality", at=NOON)  # fmt: skip
        give(self.initiative, "on_call", self.cast.lead)
        review = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON
        )
        assert since.last_review(standing(review)).changes == []

    def test_says_nothing_at_the_first_review(self):
        draft = factories.make_ready_for_charter(cast=self.cast, name="Draft")
        review = factories.make_review(initiative=draft, by=self.cast.business_owner, at=NOON)
        assert since.last_review(standing(review)) == since.Since(None, [])

    def test_tells_whose_signatures_are_at_stake(self):
        review = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON
        )
        assert rebaselines.at_stake(self.known(), TODAY) == []
        sign(review, "sponsor", self.cast.sponsor)
        ((found, signatures),) = rebaselines.at_stake(self.known(), TODAY)
        assert found == review
        assert [s.printed_name for s in signatures] == ["Sam Sponsor"]


class TestBeside(Rebaselined):
    """What else looks at an open review."""

    def test_tells_signers_by_mail_what_would_change(self):
        notifications.hear(at=NOON)
        self.propose()
        notifications.hear(at=NOON)
        reminder = Reminder.objects.get(kind="sign_off_asked", recipient=self.cast.sponsor,
                                        says__contains="re-baseline")  # fmt: skip
        assert "to 50 min" in reminder.detail
        assert "45 min → 50 min." in reminder.detail

    def test_is_dry_run_under_a_draft(self):
        review = self.propose()
        text = policy.default_text().replace(
            'title = "Sponsor"\nrole = "sponsor"\n', 'title = "Sponsor"\nrole = "data_owner"\n', 1
        ).replace('key = "sponsor"\n', 'key = "data"\n', 1)  # fmt: skip
        draft = policy.published(text, version=2)
        run = DryRun(self.cast.lead, queries.current_policy(), draft, TODAY)
        (needs,) = run.would_need([review])
        assert (needs.slots, needs.criteria) == (["Sponsor"], [])

    def test_is_not_what_the_brief_of_the_decision_due_shows(self):
        self.propose()
        brief_of = brief.load(self.cast.lead, self.initiative.pk, TODAY)
        assert brief_of is not None
        assert brief_of.review is None


class TestPages(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.now = timezone.now()
        cls.cast = factories.make_cast(at=cls.now - 400 * DAY)
        cls.initiative = factories.make_pilot(cast=cls.cast, at=cls.now - 20 * DAY)
        cls.metric = Metric.objects.get()
        cls.url = reverse("reviews:rebaseline", args=[cls.initiative.pk])

    def setUp(self):
        self.client.force_login(self.cast.business_owner)

    def filled(self, **changed: str) -> dict[str, str]:
        """The form as it is shown, with these values typed over it."""
        form = self.client.get(self.url).context["form"]
        shown = {name: form[name].value() for name in form.fields}
        typed = {name: "" if value is None else str(value) for name, value in shown.items()}
        return typed | {"reason": WHY, f"metric.{self.metric.pk}.threshold": "50 min"} | changed

    def test_shows_what_was_signed(self):
        said = self.client.get(self.url).content.decode()
        assert "45 min" in said
        assert self.initiative.problem in said
        assert "None: nothing that is up for review has been signed." in said

    def test_shows_old_and_new_before_anything_is_saved(self):
        page = self.client.post(self.url, self.filled())
        said = text_of(page)
        assert (
            "Threshold of Time until a claim is with its handler : 45 min → is now 50 min" in said
        )
        assert "Propose it and ask the signers" in said
        assert not Baseline.objects.proposed().exists()

    def test_shows_whose_signatures_it_makes_stale(self):
        review = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=self.now - DAY
        )
        factories.sign_waiting(review=review, by=self.cast.sponsor, at=self.now)
        said = text_of(self.client.get(self.url))
        assert "ship-or-kill review" in said
        assert "Sam Sponsor. They see what changed" in said

    def test_proposes_it_and_leads_to_its_review(self):
        answer = self.client.post(self.url, self.filled(propose="yes"), follow=True)
        assert Baseline.objects.proposed().get().charter["metrics"][0]["threshold"] == "3000"
        said = text_of(answer)
        assert "What would change in the charter" in said
        assert WHY in said
        assert "45 min → is now 50 min" in said

    def test_keeps_what_was_typed_where_it_is_refused(self):
        wrong = self.filled(**{f"metric.{self.metric.pk}.threshold": "9 h"})
        for more in ({}, {"propose": "yes"}):
            page = self.client.post(self.url, wrong | more)
            assert page.status_code == 422
            self.assertContains(page, "has to be below the baseline", status_code=422)
            self.assertContains(page, 'value="9 h"', status_code=422)
            self.assertContains(page, WHY, status_code=422)

    def test_says_how_to_write_a_value(self):
        page = self.client.post(
            self.url, self.filled(**{f"metric.{self.metric.pk}.threshold": "x"})
        )
        self.assertContains(page, "is not a duration", status_code=422)

    def test_says_that_nothing_differs(self):
        page = self.client.post(
            self.url, self.filled(**{f"metric.{self.metric.pk}.threshold": "45 min"})
        )
        self.assertContains(page, "Nothing differs", status_code=422)

    def test_has_no_form_where_nothing_is_frozen(self):
        draft = factories.make_ready_for_charter(cast=self.cast, name="Draft")
        url = reverse("reviews:rebaseline", args=[draft.pk])
        said = text_of(self.client.get(url))
        assert "nothing is frozen" in said
        assert self.client.post(url, {"reason": "x"}).status_code == 422

    def test_is_not_found_where_the_initiative_may_not_be_seen(self):
        initiatives.restrict(
            initiative=self.initiative, is_restricted=True, by=self.cast.lead, at=self.now
        )
        outsider = factories.make_person(name="Otto Outsider", at=self.now - 9 * DAY)
        self.client.force_login(outsider)
        assert self.client.get(self.url).status_code == 404

    def test_stands_on_the_initiatives_page(self):
        page = self.client.get(self.initiative.get_absolute_url())
        said = text_of(page)
        assert "Baseline 1, in force since" in said
        assert "Propose a re-baseline" in said
        self.client.post(self.url, self.filled(propose="yes"))
        review = Review.objects.get(gate="rebaseline")
        said = text_of(self.client.get(self.initiative.get_absolute_url()))
        assert "A re-baseline is proposed" in said
        assert "Propose a re-baseline" not in said
        factories.sign_in_turn(review=review, by=self.cast.signers, at=self.now)
        actions.decide(
            initiative=self.initiative, kind="rebaseline", reason="Agreed.", by=self.cast.sponsor,
            at=self.now,
        )  # fmt: skip
        said = text_of(self.client.get(self.initiative.get_absolute_url()))
        assert "Baseline 2, in force since" in said
        assert "decided by Sam Sponsor: Motor claims take longer" in said
        assert "45 min → is now 50 min" in said

    def test_offers_the_decision_on_its_review_alone(self):
        other = factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=self.now - DAY
        )
        self.client.post(self.url, self.filled(propose="yes"))
        mine = Review.objects.get(gate="rebaseline")
        self.client.force_login(self.cast.sponsor)
        page = self.client.get(mine.get_absolute_url())
        said = text_of(page)
        assert "Re-baseline …" in said
        assert "Proceed …" not in said
        said = text_of(self.client.get(other.get_absolute_url()))
        assert "Re-baseline …" not in said
        assert "Proceed …" in said
        (back,) = (url for label, url, _ in page.context["decisions"] if label == "Send back")
        self.client.post(back, {"reason": "Not like this."})
        assert Review.objects.get(pk=other.pk).is_open
        assert not Review.objects.get(pk=mine.pk).is_open
