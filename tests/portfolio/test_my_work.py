"""The parts of My work: what each person finds there of their own, and of nobody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from initiatives import actions as initiatives
from initiatives.models import Initiative
from initiatives.stages import Stage
from notifications import actions
from notifications.models import Message, Reminder
from reviews import actions as reviews
from reviews import overrides
from reviews.models import Override
from reviews.queries import standing
from tests.factories import (
    make_cast,
    make_group_member,
    make_initiative,
    make_owner,
    make_ready_for_charter,
    make_review,
)
from tests.portfolio.test_pages import HIRED, Pages

DAY = timedelta(days=1)
PARTS = ("my_work", "owned", "deadlines", "reminders", "my_settings")


def part(name):
    return reverse(f"portfolio:{name}")


class TestTheParts(Pages):
    def test_lead_to_each_other_and_say_where_one_is(self):
        for name in PARTS:
            page = self.text(part(name))
            assert all(f'href="{part(other)}"' in page for other in PARTS), name
            assert f'href="{part(name)}" aria-current="page"' in page, name

    def test_say_what_to_do_where_there_is_nothing(self):
        for name, words in (
            ("my_work", "Nothing waits for you"),
            ("owned", "You hold no role"),
            ("deadlines", "Nothing of yours is due"),
            ("reminders", "You have seen everything"),
            ("my_settings", "It has no address yet."),
        ):
            assert words in self.text(part(name)), name

    def test_are_ones_own(self):
        self.client.logout()
        for name in PARTS:
            assert self.client.get(part(name)).status_code == 302, name


class TestWhatIsMine(Pages):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        for number in range(30):
            row = cls.declare(f"Pilot {number}", Stage.PILOT, due=number + 1)
            cls.own(row, "business_owner", cls.member)

    def setUp(self):
        self.client.force_login(self.member)

    def test_is_paged(self):
        for name, size, count in (("owned", 25, 30), ("deadlines", 50, 60)):
            page = self.read(part(name)).context["page"]
            assert (len(page), page.paginator.count) == (size, count), name
            assert len(self.read(f"{part(name)}?page=2").context["page"]) == count - size

    def test_is_in_the_order_of_days(self):
        days = [deadline.day for deadline in self.read(part("deadlines")).context["page"]]
        assert days == sorted(days)
        assert days[0] == self.today + DAY

    def test_says_what_was_flagged(self):
        actions.sweep(at=self.now)
        assert "Nobody who is active has accepted to be its" in self.text(part("owned"))

    def test_is_not_what_others_own(self):
        self.client.force_login(self.lead)
        for name in ("owned", "deadlines"):
            assert "Pilot 1" not in self.text(part(name))


class TestWhatIsRestricted(Pages):
    """My work names what one may open, and nothing else."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.cast = make_cast(at=cls.now - HIRED)
        cls.initiative = make_ready_for_charter(cast=cls.cast, at=cls.now - 20 * DAY)
        cls.review = make_review(
            initiative=cls.initiative, by=cls.cast.business_owner, at=cls.now - DAY
        )

    def setUp(self):
        self.client.force_login(self.member)

    def test_opens_what_one_has_to_see_to_also_after_the_review(self):
        given, _ = initiatives.owe(
            self.initiative, kind="condition", gate="charter", what="The off-switch was tried.",
            assignee=self.member, due_date=self.today, by=None, at=self.now,
        )  # fmt: skip
        Initiative.objects.update(is_restricted=True)
        assert "The off-switch was tried." in self.text(part("my_work"))
        self.read(self.initiative.get_absolute_url())
        self.read(reverse("initiatives:confirm_obligation", args=[given.pk]))

    def test_names_no_question_about_what_is_hidden_from_one(self):
        reviews.ask(
            review=self.review, text="Which data leaves?", asked_of=self.member,
            by=self.cast.lead, at=self.now,
        )  # fmt: skip
        assert "Which data leaves?" in self.text(part("my_work"))
        Initiative.objects.update(is_restricted=True)
        assert "Which data leaves?" not in self.text(part("my_work"))


@pytest.mark.embedded
class TestWhatIWasTold(Pages):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.initiative = make_initiative(by=cls.lead, at=cls.now - 9 * DAY)
        for number in range(30):
            cls.tell(f"Thing {number}", Message.State.SENT)
        cls.tell("A thing that failed", Message.State.FAILED)

    @classmethod
    def tell(cls, says, state):
        message = Message.objects.create(
            recipient=cls.member, is_urgent=True, created_at=cls.now, next_attempt_at=cls.now,
            state=state, sent_at=cls.now if state == "sent" else None, last_error="550 unknown",
        )  # fmt: skip
        Reminder.objects.create(
            kind="mentioned", subject=says, initiative=cls.initiative, due_date=cls.today, step=0,
            recipient=cls.member, says=says, path=cls.initiative.get_absolute_url(),
            state="sent" if state == "sent" else "owed", planned_at=cls.now, message=message,
        )  # fmt: skip

    def setUp(self):
        self.client.force_login(self.member)
        self.url = part("reminders")

    def test_is_all_there_the_last_first_each_opening_what_it_was_about(self):
        page = self.read(self.url).context["page"]
        assert page.paginator.count == 31
        assert [r.says for r in page][:2] == ["A thing that failed", "Thing 29"]
        assert f'<a href="{self.initiative.get_absolute_url()}">Thing 29</a>' in self.text(self.url)
        assert "Thing 0" in self.text(f"{self.url}?page=2")

    def test_says_what_could_not_be_sent_and_why(self):
        assert "could not be sent: 550 unknown" in self.text(self.url)

    def test_is_counted_where_the_day_begins(self):
        page = " ".join(self.text(part("my_work")).split())
        assert f'<a href="{self.url}">31 not seen yet</a>' in page

    def test_promises_no_mail_that_does_not_come(self):
        said = " ".join(self.text(self.url).split())
        assert "It could not be sent." in said
        assert "goes out with the next mail" not in said
        Reminder.objects.filter(says="Thing 1").update(state="muted", message=None)
        assert "No mail, as you chose." in self.text(self.url)

    def test_not_seen_yet_is_what_asks_first_the_worst_and_the_latest_of_it(self):
        for days, kind in enumerate(
            [
                *("sign_off_receipt", "sign_off_asked", "decision_date", "decision_lapsed"),
                *("kill_condition_tripped", "ownership_asked", "evaluation_stale"),
            ]
        ):
            self.tell(kind, Message.State.SENT)
            Reminder.objects.filter(says=kind).update(
                kind=kind, due_date=self.today - days * DAY, is_urgent=kind != "decision_date"
            )
        told = [reminder.says for reminder in self.read(self.url).context["told"].unread]
        asking = ["kill_condition_tripped", "decision_lapsed", "ownership_asked", "decision_date"]
        assert told[:6] == [*asking, "sign_off_asked", "evaluation_stale"]
        assert told[6:8] == ["A thing that failed", "Thing 29"]
        assert told[-1] == "sign_off_receipt"

    def test_shows_of_a_receipt_one_line_and_the_rest_on_demand(self):
        Reminder.objects.filter(says="Thing 1").update(
            kind="sign_off_receipt", detail="Recorded at position 7, hash:\nabc"
        )
        said = " ".join(self.text(self.url).split())
        assert "<details> <summary>Thing 1</summary> <p" in said
        assert "hash:<br>abc" in said[said.index("<summary>Thing 1<") :]

    def test_is_nobody_elses(self):
        self.client.force_login(self.lead)
        assert "Thing" not in self.text(self.url)

    def test_leaves_out_what_one_may_not_know_of_any_more(self):
        Initiative.objects.update(is_restricted=True)
        assert "Thing" not in self.text(self.url)


class TestOverridesToSignSecond(Pages):
    """Whom My work asks are those who may sign: the twin of `overrides.seconds`."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.cast = make_cast(at=cls.now - HIRED)
        cls.initiative = make_ready_for_charter(cast=cls.cast, at=cls.now - 20 * DAY)
        cls.others = [
            make_group_member(group="compliance", name="Cora Compliance", at=cls.now - HIRED),
            make_group_member(group="compliance", name="Nova New", at=cls.now),
            make_group_member(group="security", name="Sia Security", at=cls.now - HIRED),
        ]
        # Something is unmet, and none of those who may sign has changed it.
        Initiative.objects.update(process="", evidence_changed_by=cls.cast.engineering_owner)
        cls.review = make_review(
            initiative=cls.initiative, by=cls.cast.business_owner, at=cls.now - DAY
        )
        unmet = standing(cls.review, cls.today).overridable
        cls.override = reviews.ask_for_override(
            review=cls.review, criteria=[unmet[0].criterion.key], reason="It comes later.",
            expires_on=cls.today + 14 * DAY, by=cls.cast.lead, at=cls.now,
        )  # fmt: skip

    def asked(self):
        everybody = [*vars(self.cast).values(), *self.others, self.lead, self.member]
        return {person for person in everybody if overrides.asked_of(person)}

    def seconds(self):
        return set(overrides.seconds(self.override, standing(self.review, self.today)))

    def test_are_asked_of_those_who_may_sign(self):
        assert self.asked() == self.seconds() == {self.cast.compliance, self.others[0]}

    def test_are_not_asked_of_whoever_holds_a_role(self):
        make_owner(initiative=self.initiative, role="on_call", person=self.others[0], at=self.now)
        self.review.refresh_from_db()
        assert self.asked() == self.seconds() == {self.cast.compliance}

    def test_are_not_asked_of_whoever_changed_the_evidence(self):
        Initiative.objects.update(evidence_changed_by=self.cast.compliance)
        self.review.initiative.refresh_from_db()
        assert self.asked() == self.seconds() == {self.others[0]}

    def test_are_asked_of_nobody_once_signed_or_refused(self):
        Override.objects.update(ended_at=self.now)
        assert self.asked() == set()

    def test_stand_on_the_page(self):
        self.client.force_login(self.cast.compliance)
        page = self.text(part("my_work"))
        assert "Sign second" in page
        assert reverse("reviews:countersign", args=[self.override.pk]) in page
