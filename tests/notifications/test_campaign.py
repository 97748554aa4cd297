"""The campaign from the first mail to the head of the unit (product.md §2, "Day one is quiet")."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.test import SimpleTestCase
from django.utils import timezone

from accounts import actions as people
from accounts.models import Person, Unit
from audit.models import Event
from audit.refusals import Refused
from initiatives import actions as initiatives
from initiatives.models import Initiative, Ownership
from initiatives.workdays import works_on
from notifications import actions, campaigns, queries
from notifications.models import Reminder
from notifications.rules import RULES
from reviews import actions as reviews
from reviews import queries as policies
from tests.factories import NOON, make_lead, restrict
from tests.notifications.campaigns import BEFORE, DAY, Company

TODAY = NOON.date()


class Run(Company):
    """A campaign that runs, day by day, with all that the clock does several times a day."""

    def start(self, at=NOON, **said):
        return actions.start_campaign(by=self.lead, at=at, **said)

    def tick(self, at):
        actions.sweep(at=at)
        actions.hear(at=at)
        actions.deliver(clock=lambda: at)

    def live(self, day):
        """One day; return who got how many mails on it, by the name before the @."""
        mail.outbox.clear()
        for hours in (0, 5):
            self.tick(NOON + day * DAY + timedelta(hours=hours))
        got: dict[str, int] = {}
        for written in mail.outbox:
            name = written.to[0].partition(".")[0]
            got[name] = got.get(name, 0) + 1
        return got

    def text_to(self, name):
        (written,) = [w for w in mail.outbox if w.to[0].startswith(name)]
        return written.subject, str(written.body)


class TestTwentyDays(Run):
    def test_sends_nothing_before_it_starts(self):
        for day in (-1, 0, 1):
            assert self.live(day) == {}
        assert not Reminder.objects.exists()

    def test_asks_once_reminds_three_times_and_then_speaks_to_the_head(self):
        self.start()
        assert self.live(0) == {"ana": 1, "ben": 1, "cleo": 1}
        subject, text = self.text_to("ana")
        assert subject.startswith("Say which are yours: 3 initiatives wait for your answer")
        assert all(f"{name} (business owner)" in text for name in ("Letters", "Invoices", "Photos"))
        assert f"{settings.BASE_URL}/campaign/mine/" in text
        _, text = self.text_to("ben")
        assert "First time here? Set your password:" in text
        self.accept(self.cleo, at=NOON + DAY)
        got = {day: who for day in range(1, 21) if (who := self.live(day))}
        lead = "lea"
        assert {day: set(who) - {lead} for day, who in got.items() if set(who) - {lead}} == {
            3: {"ana", "ben"}, 7: {"ana", "ben"}, 14: {"ana", "ben"},
            16: {"cleo"},  # whose pilot is decided in two weeks
            17: {"hal", "cleo"},  # who has nobody beside her
        }  # fmt: skip
        assert {day: who for day, who in got.items() if max(who.values()) > 1} == {}
        assert min((day for day, who in got.items() if lead in who), default=17) >= 17

    def test_tells_the_head_who_is_silent_about_what(self):
        self.start()
        self.accept(self.cleo)
        for day in (0, 3, 7, 14, 17):
            self.live(day)
        subject, text = self.text_to("hal")
        assert subject == "Speak to them: 2 people have not said what is theirs"
        words = " ".join(text.split())
        assert "Ana Able: AI-" in words
        assert "Calls (business owner)" in words
        assert "You head their unit." in words
        assert self.live(18) == {}

    def test_chases_nobody_who_has_answered_in_whatever_way(self):
        self.start()
        self.live(0)
        self.accept(self.cleo)
        initiatives.disown(ownerships=self.asked(self.ben), by=self.ben, at=NOON)
        for name in ("Letters", "Invoices", "Photos"):
            reviews.ask_to_retire(
                initiative=self.of(name), reason="Dead.", by=self.ana, at=NOON + DAY
            )
        for day in (3, 7, 14):
            assert set(self.live(day)) <= {"lea"}, day

    def test_asks_on_about_what_is_left(self):
        self.start()
        self.live(0)
        (first, *_) = self.asked(self.ana)
        initiatives.accept_all(ownerships=[first], by=self.ana, at=NOON + DAY)
        self.live(3)
        subject, text = self.text_to("ana")
        assert subject.startswith("Say which are yours: 2 initiatives wait for your answer")
        assert "Letters" not in text

    def test_stops_when_somebody_leaves(self):
        self.start()
        self.live(0)
        people.deactivate(person=self.ana, by=None, at=NOON + DAY)
        assert "ana" not in self.live(3)

    def test_asks_whom_it_was_handed_on_to_and_counts_their_days_anew(self):
        self.start()
        self.live(0)
        initiatives.disown(
            ownerships=self.asked(self.ben), instead=self.hal, by=self.ben, at=NOON + 2 * DAY
        )
        assert self.live(2) == {"hal": 1}
        assert self.live(3) == {"ana": 1, "cleo": 1}
        assert self.live(5) == {}  # a Saturday
        assert self.live(7)["hal"] == 1

    def test_asks_again_from_the_first_day_what_was_said_to_be_dead_and_is_kept(self):
        self.start()
        self.live(0)
        said = reviews.ask_to_retire(
            initiative=self.of("Calls"), reason="Dead.", by=self.ben, at=NOON + DAY
        )
        assert set(self.live(14)) <= {"ana", "cleo", "lea"}
        reviews.keep(request=said, because="It runs.", by=self.lead, at=NOON + 15 * DAY)
        assert self.live(15) == {"ben": 1}
        assert "ben" in self.live(18)

    def test_sends_the_newest_step_alone_after_an_outage(self):
        self.start()
        assert self.live(8) == {"ana": 1, "ben": 1, "cleo": 1}
        assert set(Reminder.objects.values_list("step", flat=True)) == {7}


class TestStart(Run):
    def test_is_of_leads_alone(self):
        with pytest.raises(Refused, match="Only portfolio leads"):
            self.start_as(self.ana)
        assert Initiative.objects.quiet().count() == 6

    def start_as(self, person):
        return actions.start_campaign(by=person, at=NOON)

    def test_is_refused_when_more_would_get_a_mail_than_was_said(self):
        with pytest.raises(Refused) as refusal:
            self.start(mails=2)
        assert (refusal.value.rule, refusal.value.detail) == ("changed_since", {"mails": 3})
        assert Initiative.objects.quiet().exists()
        assert self.start(mails=3) == 7

    def test_can_be_for_a_unit_and_those_below_it(self):
        assert self.start(unit=Unit.objects.get(name="Service"), mails=2) == 3
        assert not self.of("Calls").is_quiet
        assert self.of("Letters").is_quiet
        self.tick(NOON)
        assert {w.to[0].partition(".")[0] for w in mail.outbox} == {"ben", "cleo"}
        assert self.start(unit=Unit.objects.get(name="Claims")) == 3

    def test_does_nothing_twice(self):
        self.start()
        self.tick(NOON)
        count = len(mail.outbox)
        assert self.start() == 0
        self.tick(NOON)
        assert len(mail.outbox) == count

    def test_asks_a_lead_whom_the_file_names_though_they_imported_it(self):
        Ownership.objects.filter(person=self.ben).update(person=self.lead)
        self.start()
        self.tick(NOON)
        assert "lea.lund@example.com" in {w.to[0] for w in mail.outbox}

    def test_lets_leads_hear_of_what_is_unowned_once_people_had_time_to_answer(self):
        self.start()
        (finding,) = [f for f in self.found() if f.initiative_id == self.of("Letters").pk]
        assert finding.due_date == TODAY + 17 * DAY
        self.accept(self.ana, at=NOON + DAY)
        people.deactivate(person=self.ana, by=None, at=NOON + 2 * DAY)
        (finding,) = [f for f in self.found() if f.initiative_id == self.of("Letters").pk]
        assert finding.due_date is None  # it was owned, and somebody left: that cannot wait

    def test_lets_leads_hear_at_once_of_whoever_leaves_meanwhile(self):
        self.start()
        self.tick(NOON)
        self.accept(self.ana, at=NOON + DAY)
        self.tick(NOON + DAY)
        assert not Reminder.objects.filter(kind="unowned").exists()
        people.deactivate(person=self.ana, by=None, at=NOON + 2 * DAY)
        for day in (2, 3):
            actions.sweep(at=NOON + day * DAY)
            (told,) = Reminder.objects.filter(kind="unowned", initiative=self.of("Letters"))
            assert (told.due_date, told.recipient) == (TODAY + 2 * DAY, self.lead)
            assert (told.state, told.is_urgent) == ("owed", True)

    def found(self):
        return RULES["unowned"].function(Initiative.objects.all(), TODAY, policies.current_policy())


class TestChase(Run):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        first_day = cls()
        first_day.start()
        first_day.live(0)

    def chase(self, people_=None, by=None, at=NOON + 5 * DAY):
        return actions.chase(people=people_, by=by or self.lead, at=at)

    def test_asks_all_the_silent_at_once(self):
        assert self.chase() == sorted(p.pk for p in (self.ana, self.ben, self.cleo))
        mail.outbox.clear()
        actions.deliver(clock=lambda: NOON + 5 * DAY)
        assert {w.to[0].partition(".")[0] for w in mail.outbox} == {"ana", "ben", "cleo"}

    def test_asks_those_who_are_chosen_and_are_silent(self):
        self.accept(self.cleo)
        assert self.chase([self.cleo.pk, self.ben.pk]) == [self.ben.pk]

    def test_asks_nobody_twice_a_day(self):
        assert self.chase(at=NOON) == []  # they had the first mail today
        assert len(self.chase()) == 3
        assert self.chase() == []
        actions.deliver(clock=lambda: NOON + 5 * DAY)
        assert self.chase() == []
        assert len(self.chase(at=NOON + 6 * DAY)) == 3

    def test_is_on_record(self):
        self.chase([self.ana.pk])
        event = Event.objects.get(kind="campaign.chased")
        assert (event.actor_id, event.payload.count(f"[{self.ana.pk}]")) == (self.lead.pk, 1)

    def test_is_of_leads_alone(self):
        with pytest.raises(Refused, match="Only portfolio leads"):
            self.chase(by=self.ana)
        assert self.owed(kind="ownership_chased") == set()

    def test_is_not_sent_to_who_answers_before_it_goes_out(self):
        self.chase([self.ana.pk])
        self.accept(self.ana, at=NOON + 5 * DAY)
        mail.outbox.clear()
        actions.deliver(clock=lambda: NOON + 5 * DAY)
        assert mail.outbox == []

    def test_changes_nothing_of_what_comes_by_itself(self):
        self.chase()
        self.tick(NOON + 5 * DAY)
        assert self.live(7) == {"ana": 1, "ben": 1, "cleo": 1}


class TestHeads(Run):
    """Who hears what somebody leaves unsaid."""

    def setUp(self):
        self.start()

    def heads_of(self, person):
        known = queries.heads()
        (mine,) = queries.asked([person.pk]).values()
        return [head.name for head in known.of(mine[0])]

    def test_is_the_head_of_the_persons_own_unit(self):
        other = Unit.objects.create(name="Finance", head=self.cleo)
        Person.objects.filter(pk=self.ana.pk).update(unit=other)
        assert self.heads_of(self.ana) == ["Cleo Calm"]

    def test_is_that_of_the_initiatives_unit_where_they_have_none(self):
        assert self.heads_of(self.ana) == ["Hal Head"]

    def test_is_the_head_of_the_unit_above(self):
        assert self.heads_of(self.ben) == ["Hal Head"]

    def test_is_nobody_who_is_silent_themselves_or_gone(self):
        Unit.objects.filter(name="Claims").update(head=self.ana)
        assert self.heads_of(self.ana) == ["Lea Lund"]
        people.deactivate(person=self.hal, by=None, at=NOON)
        Unit.objects.filter(name="Claims").update(head=self.hal)
        assert self.heads_of(self.ben) == ["Lea Lund"]

    def test_are_the_leads_where_nobody_heads_it(self):
        make_lead(name="Lars Lead")
        Unit.objects.update(head=None)
        assert self.heads_of(self.ana) == ["Lea Lund", "Lars Lead"]

    def test_are_the_leads_for_what_is_restricted(self):
        restrict(initiative=self.of("Calls"))
        assert self.heads_of(self.ben) == ["Lea Lund"]

    def test_ends_with_units_in_a_circle(self):
        service, claims = Unit.objects.get(name="Service"), Unit.objects.get(name="Claims")
        Unit.objects.filter(pk=claims.pk).update(parent=service, head=None)
        assert self.heads_of(self.ben) == ["Lea Lund"]


class TestPreview(Company):
    def preview(self, unit=None):
        return campaigns.preview(unit, TODAY)

    def test_says_how_many_begin_and_whom_it_asks(self):
        found = self.preview()
        assert (found.initiatives, found.asked, found.roles, found.invited) == (6, 3, 5, 1)
        assert set(found.people) == {self.ana, self.ben, self.cleo}
        assert [row.name for row in found.unsaid] == ["Forecast"]

    def test_says_which_dates_begin(self):
        found = self.preview()
        assert [(line.what, line.count, (line.by - TODAY).days) for line in found.dates] == [
            ("pilots, to be decided", 2, 30), ("systems, to recertify", 4, 365),
        ]  # fmt: skip
        assert [(line.what, line.count, (line.by - TODAY).days) for line in found.catching_up] == [
            ("at standard level", 6, 90)
        ]

    def test_says_what_then_happens(self):
        foretold = {line.what: line.by for line in self.preview().dates}
        actions.start_campaign(by=self.lead, at=NOON)
        assert self.of("Photos").decision_date == foretold["pilots, to be decided"]
        assert self.of("Letters").decision_date == foretold["systems, to recertify"]

    def test_can_be_of_one_unit(self):
        found = self.preview(Unit.objects.get(name="Service"))
        assert (found.initiatives, len(found.people)) == (3, 2)

    def test_leaves_out_whoever_is_no_longer_here(self):
        people.deactivate(person=self.ana, by=None, at=NOON)
        found = self.preview()
        assert len(found.people) == 2
        assert {row.name for row in found.unsaid} == {"Forecast", "Letters", "Invoices", "Photos"}

    def test_writes_the_mail_that_would_go_out_and_sends_none(self):
        letter = campaigns.letter(self.ana, None, NOON)
        assert letter is not None
        assert mail.outbox == []
        assert not Reminder.objects.exists()
        actions.start_campaign(by=self.lead, at=NOON)
        actions.hear(at=NOON)
        actions.deliver(clock=lambda: NOON)
        (sent,) = [w for w in mail.outbox if w.to == [self.ana.email]]
        assert (letter.subject, letter.text) == (sent.subject, str(sent.body))

    def test_writes_none_to_who_would_get_none(self):
        assert campaigns.letter(self.hal, None, NOON) is None

    def test_knows_since_when_it_was_quiet(self):
        assert {row.declared_at for row in Initiative.objects.all()} == {BEFORE}


class TestGoingOut(SimpleTestCase):
    """A mail of the campaign is its reader's mail of the day: promised for when that is sent."""

    def at(self, day, clock):
        here = timezone.get_default_timezone()
        return datetime.fromisoformat(f"2026-11-{day}T{clock}").replace(tzinfo=here)

    def test_is_on_the_next_working_day_from_the_hour_of_the_mails(self):
        for day, clock, words in (
            (21, "12:00", "on Monday 23 Nov 2026, from 07:00"),  # a Saturday
            (22, "02:30", "on Monday 23 Nov 2026, from 07:00"),
            (23, "06:59", "today, from 07:00"),
        ):
            assert campaigns.going_out(self.at(day, clock)) == words

    def test_is_at_once_where_the_mails_of_the_day_are_going_out(self):
        friday = self.at(20, "07:00")
        assert campaigns.going_out(friday) == (
            "at once; whoever has had a mail today already hears of it on Monday 23 Nov 2026"
        )

    def test_counts_as_people_do(self):
        at = self.at(23, "06:00")
        assert campaigns.started(1, 1, at) == (
            "Started for one initiative. One mail goes out today, from 07:00."
        )
        assert campaigns.started(2, 0, at) == "Started for 2 initiatives. Nobody gets a mail."


class TestNextMail(Company):
    """What the list of the silent says comes next is a day on which mails go out."""

    def test_is_on_a_working_day(self):
        actions.start_campaign(by=self.lead, at=NOON)
        asked_on = timezone.localdate(NOON)
        for days in range(21):
            for silence in queries.silent(None, asked_on + timedelta(days=days)):
                day = silence.next_on
                assert day is None or (works_on(day) and day > asked_on + timedelta(days=days))
                assert day is not None or days >= 17
