"""The demo portfolio: loaded once, then looked at from several sides."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.core.management import call_command
from django.db.models import Max
from django.test import TestCase, override_settings
from django.utils import timezone

from accounts.models import Person
from audit.models import Event
from initiatives.models import Baseline, EvaluationRun, Initiative, Measurement, Metric, Spend
from initiatives.stages import Gate, Role, Stage
from initiatives.workdays import works_on
from notifications import campaigns
from notifications import queries as notifications
from notifications.models import Flag, Message, Reminder
from notifications.rules import RULES
from portfolio import demo, personas, stories
from portfolio.queries import dashboard, work
from portfolio.stories import imported, ticks
from portfolio.stories.people import COLLEAGUES
from reviews import queries
from reviews.models import Decision, Review, SignOff

FIRST_TEN = (
    "Claims document triage", "Call summaries", "Renewal price suggestions",
    "Answers to policy questions", "Sorting job applications", "Recovery letters",
    "Coding of supplier invoices", "Fraud signals in motor claims",
    "Storm damage from aerial images", "Voice bot for first notice of loss",
)  # fmt: skip


def typed_for_charter(initiative: Initiative, criteria: set[str]) -> int:
    """Characters of every text, number and row that was written for it."""
    said = [getattr(initiative, name) for name in (
        "name", "problem", "users", "outcome", "process", "scope", "pilot_budget", "monthly_cost",
    )]  # fmt: skip
    metric = initiative.metrics.get(is_primary=True)
    bounds = (metric.words(value) for value in (metric.baseline, metric.threshold, metric.target))
    said += [metric.name, metric.method, metric.source, *bounds]
    said += [k.sentence() for k in initiative.kill_conditions.all()]
    for answer in initiative.evidence.filter(criterion__in=criteria):
        for value in answer.fields.values():
            said += (
                [c for row in value for c in row.values()] if isinstance(value, list) else [value]
            )
    return sum(len(str(value)) for value in said if value)


@pytest.mark.embedded_alone
class TestDemo(TestCase):
    @classmethod
    def setUpTestData(cls):
        mail.outbox = []
        demo.load(with_mails=True)
        cls.mails = list(mail.outbox)
        cls.today = timezone.localdate()

    def person(self, persona):
        return Person.objects.get(email=persona.email)

    def of(self, name):
        return Initiative.objects.get(name=name)

    def test_has_at_least_forty_in_all_stages(self):
        stages = Counter(Initiative.objects.values_list("stage", flat=True))
        assert stages.total() == len(stories.ALL) + len(imported.ROWS) >= 40
        assert min(stages[stage] for stage in Stage) >= 5, stages

    def test_keeps_the_numbers_of_the_first_ten(self):
        first = Initiative.objects.order_by("pk")[:10]
        assert tuple(first.values_list("name", flat=True)) == FIRST_TEN

    def test_shows_every_kind_of_decision_and_every_outcome(self):
        assert set(Decision.objects.values_list("kind", flat=True)) == set(Decision.Kind.values)
        outcomes = Decision.objects.exclude(outcome="").values_list("outcome", flat=True)
        assert set(outcomes) == set(Decision.Outcome.values)

    def test_tells_each_story_to_its_end(self):
        for story in stories.ALL:
            row = self.of(story.name)
            events = Event.objects.filter(initiative_id=row.pk)
            assert events.count() > (1 if story.happened else 0), story.name
            if story.declared is None:
                decided = Decision.objects.filter(initiative=row).order_by("decided_at", "pk")
                last = decided.last()
                assert row.stage == (last.to_stage if last else Stage.PROPOSAL), story.name

    def test_gets_past_gates_by_the_rules_alone(self):
        """What was refused is the one attempt that a story tells of."""
        refused = Event.objects.filter(kind__endswith="_refused")
        assert [event.kind for event in refused] == ["decision_refused"]
        shipped = Initiative.objects.filter(stage=Stage.PRODUCTION, declared_at=None)
        assert shipped.count() >= 8
        for initiative in shipped:
            decided = Review.objects.filter(initiative=initiative, closing="decided")
            assert {"charter", "ship_or_kill", "go_live"} <= set(
                decided.values_list("gate", flat=True)
            ), initiative

    def test_leaves_nothing_in_the_future(self):
        now = timezone.now()
        for model, field in (
            (Event, "at"), (Measurement, "measured_at"), (Decision, "decided_at"),
            (SignOff, "signed_at"), (Initiative, "stage_entered_at"), (Initiative, "touched_at"),
            (Message, "sent_at"), (Flag, "closed_at"),
        ):  # fmt: skip
            assert model.objects.aggregate(last=Max(field))["last"] <= now, (model, field)
        assert Spend.objects.aggregate(last=Max("spent_on"))["last"] <= self.today
        assert EvaluationRun.objects.aggregate(last=Max("ran_on"))["last"] <= self.today

    def test_keeps_a_log_that_verifies(self):
        out = StringIO()
        call_command("verify_audit", stdout=out)
        assert out.getvalue().startswith("Clean")

    def test_gives_each_persona_something_to_do(self):
        signers = (
            personas.LEAD, personas.BUSINESS_OWNER, personas.ENGINEERING_OWNER,
            personas.SECURITY, personas.COMPLIANCE,
        )  # fmt: skip
        for persona in signers:
            assert work.load(self.person(persona), timezone.localdate()).requests, persona.name
        assert work.owned_by(self.person(personas.ADMINISTRATOR))
        auditor = self.person(personas.AUDITOR)
        assert Initiative.objects.visible_to(auditor).count() == Initiative.objects.count()

    def test_fills_the_dashboard_without_drowning_it(self):
        board = dashboard.load(self.person(personas.LEAD), self.today)
        assert 3 <= board.due <= 12
        assert 3 <= board.overdue <= 6
        assert 3 <= board.unowned <= 12
        assert board.spent_past_date > 100_000

    def test_tells_the_stories_a_board_asks_about(self):
        assert self.of("Windscreen claims without a queue").recertified_at is not None
        zombie = self.of("Assistant for brokers' questions")
        assert zombie.extensions == 2
        assert zombie.is_overdue(self.today)
        assert self.of("Warnings before hail").paused_until > self.today
        assert self.of("Who might leave the company").is_restricted
        assert self.of("Mood of agents from their voice").triage.legal_class == "prohibited"
        assert self.of("Forecast of canteen meals").level == "light"
        assert SignOff.objects.filter(verdict=SignOff.Verdict.REJECT).exists()
        assert self.of("Answers to subject access requests").stage == Stage.PILOT
        left = self.of("Driving score for young drivers").ownerships.get(role=Role.PRODUCTION_OWNER)
        assert left.state == "left"

    def test_shows_one_that_is_off_and_one_that_was(self):
        (off,) = Initiative.objects.suspended()
        assert off.name == "Forecast of telephone load"
        assert off.suspended_until > self.today
        assert off.off_confirmed_by != off.suspended_by
        assert not self.of("Chat on the website").is_suspended
        chat = Decision.objects.filter(initiative__name="Chat on the website")
        assert list(chat.values_list("kind", flat=True)) == ["resume", "suspend"]

    def test_shows_what_caught_up_what_is_under_review_and_what_is_late(self):
        assert self.of("Forecast of telephone load").caught_up_at is not None
        (open_one,) = Review.objects.open().filter(gate="catch_up")
        assert open_one.initiative == self.of("Driving score for young drivers")
        late = Flag.objects.open().filter(rule="catch_up_overdue")
        assert self.of("Rating of commercial tenants").pk in late.values_list(
            "initiative", flat=True
        )

    def test_shows_a_charter_that_changed_and_one_that_somebody_wants_to_change(self):
        changed = self.of("Letters in plain language").baselines.in_force().get()
        assert changed.version == 2
        (proposed,) = Baseline.objects.proposed()
        assert proposed.initiative == self.of("Checking of repair invoices")

    def test_takes_a_light_one_to_its_pilot_with_under_ten_minutes_of_typing(self):
        """All that was typed for its charter, at forty words of five letters a minute."""
        charter = {c.key for c in queries.current_policy().gates[Gate.CHARTER].criteria}
        light = Initiative.objects.filter(level="light", declared_at=None)
        piloted = light.exclude(stage=Stage.PROPOSAL)
        assert piloted.exists()
        for initiative in piloted:
            assert 300 < typed_for_charter(initiative, charter) < 10 * 40 * 5, initiative

    def test_says_in_production_what_has_gone_wrong(self):
        last = {}
        for metric in Metric.objects.filter(initiative__stage=Stage.PRODUCTION):
            value = metric.measurements.latest("measured_at").value
            last[metric.initiative.name, metric.kind] = metric, value
        metric, value = last["Routing of complaints", "business"]
        assert not metric.reaches(value, metric.baseline)
        metric, value = last["Search in underwriting guidelines", "adoption"]
        assert not metric.reaches(value, metric.threshold)
        tripped = self.of("Timing of payment reminders").kill_conditions.filter(state="tripped")
        assert tripped.count() == 1

    def test_owes_no_mail_about_what_is_over(self):
        """One each for what is open now, none for two years of dates that have passed."""
        owed = Reminder.objects.owed()
        assert 0 < owed.count() < 150
        over = owed.filter(initiative__stage=Stage.RETIRED)
        assert set(over.values_list("kind", flat=True)) <= {"obligation"}  # left by one of them

    def test_has_sent_mails_in_its_past_though_none_went_anywhere(self):
        assert self.mails == []
        assert settings.EMAIL_BACKEND.endswith("locmem.EmailBackend")
        days = {timezone.localdate(at) for at in Message.objects.values_list("sent_at", flat=True)}
        assert len(days) == len(ticks.DAYS_AGO)
        assert all(works_on(day) and self.today - day < timedelta(days=15) for day in days)
        states = Message.objects.order_by().values_list("state", flat=True).distinct()
        assert set(states) == {"sent"}
        for persona in (personas.LEAD, personas.BUSINESS_OWNER, personas.ENGINEERING_OWNER):
            assert notifications.sent_to(self.person(persona)), persona.name

    def test_has_flags_that_have_closed_and_reminders_that_were_read(self):
        lead = self.person(personas.LEAD)
        assert 3 <= notifications.closed_lately(lead, timezone.now()).count() <= 15
        read = Reminder.objects.filter(recipient=lead, seen_at__isnull=False)
        assert read.exists()
        assert notifications.unread_by(lead).exists()

    def test_has_somebody_who_was_reminded_of_a_hand_over_and_says_nothing(self):
        silent = Reminder.objects.filter(
            kind="hand_over_silent", recipient=self.person(personas.LEAD)
        )
        assert silent.exists()
        sent = Reminder.objects.filter(kind="hand_over_asked", state="sent", step__gt=0)
        assert sent.exists()

    def test_flags_of_each_rule_a_few_and_not_everything(self):
        """One rule floods where half of what lives is flagged by it; none of §5 is left to guess
        but what a portfolio of its own making never has: a contradiction with an inventory."""
        flags = Flag.objects.open()
        living = Initiative.objects.exclude(stage=Stage.RETIRED).count()
        by_rule = Counter(flags.values_list("rule", flat=True))
        assert max(by_rule.values()) < living / 4, by_rule
        assert flags.values("initiative").distinct().count() < living
        quiet = {"override_expired", "recertification_overdue", "sponsor_gone", "decision_ready"}
        assert set(RULES) - set(by_rule) == {*quiet, "ahead_of_its_gate"}

    @override_settings(DEMO=True)
    def test_is_loaded_once(self):
        before = Event.objects.count()
        with tempfile.TemporaryDirectory() as folder, override_settings(BASE_DIR=Path(folder)):
            call_command("prepare", stdout=StringIO())
        assert Event.objects.count() == before

    def test_names_nobody_twice(self):
        people = Person.objects.values_list("name", flat=True)
        invited = 1  # by the imported list
        known = len(personas.DEMO_PERSONAS) + len(COLLEAGUES)
        assert len(set(people)) == len(people) == known + invited

    def test_leaves_some_quiet_for_whoever_wants_to_start_the_campaign(self):
        quiet = Initiative.objects.quiet()
        assert set(quiet.values_list("name", flat=True)) == {row[0] for row in imported.ROWS}
        found = campaigns.preview(None, self.today)
        assert self.person(personas.BUSINESS_OWNER) in found.people
        assert "hanna.lindqvist@halden.example" in {person.email for person in found.people}
        assert found.unsaid_count == 1
