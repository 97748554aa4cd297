"""The pages of the campaign: looked at and started by leads, answered by whoever is asked."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import actions as people
from accounts.models import Person, Unit
from initiatives import actions as initiatives
from initiatives.models import Initiative, Ownership
from initiatives.stages import Role, Stage
from initiatives.workdays import add_working_days
from notifications import actions, campaigns
from notifications.actions.composing import mail_time
from notifications.models import Reminder
from reviews import actions as reviews
from reviews.models import RetirementRequest
from tests.factories import NOON, make_declared, make_person
from tests.notifications.campaigns import Company

MINE, START = reverse("campaign:mine"), reverse("campaign:start")
LETTER = reverse("campaign:letter")
SILENT, CHASE = reverse("campaign:silent"), reverse("campaign:chase")
RETIRE, COUNTS = reverse("campaign:retire"), reverse("campaign:counts")
DATES = reverse("campaign:dates")


class Pages(Company):
    def as_(self, person):
        self.client.force_login(Person.objects.get(pk=person.pk))
        return self.client

    def text(self, response):
        words = re.sub(r"<[^>]+>", " ", response.content.decode())
        return " ".join(words.split())

    def said(self, response):
        return [str(message) for message in response.context["messages"]]

    def states(self, person):
        rows = Ownership.objects.filter(person=person).select_related("person", "initiative")
        return {row.initiative.name: row.state for row in rows}


class TestStarting(Pages):
    def read(self, **query):
        return self.as_(self.lead).get(START, query)

    def press(self, **said):
        form = {"mails": 3, "unit": "", "sure": "on"} | said
        return self.client.post(START, form)

    def test_is_for_leads_alone(self):
        for person in (self.ana, self.hal):
            assert self.as_(person).get(START).status_code == 403
            assert self.press().status_code == 403
        assert Initiative.objects.quiet().count() == 6

    def test_says_what_would_happen_and_does_none_of_it(self):
        text = self.text(self.read())
        for words in (
            "6 initiatives begin to count", "3 people get one mail each", "1 of them invited",
            "they go out", "Nobody is said to own these", "Starting cannot be undone.",
            "Start, and send 3 mails",
        ):  # fmt: skip
            assert words in text
        assert Initiative.objects.quiet().exists()

    def test_shows_the_mail_of_whoever_is_chosen(self):
        assert "Say which are yours: 3 initiatives wait for your answer" in self.text(self.read())
        text = self.text(self.read(person=self.ben.pk))
        assert "First time here? Set your password:" in text
        assert mail.outbox == []

    def test_shows_it_as_people_will_see_it(self):
        page = self.read(person=self.ben.pk)
        frame = re.search(r'<iframe [^>]*src="([^"]+)"[^>]*sandbox=""', page.content.decode())
        assert frame is not None
        assert "frame-src 'self'" in page["Content-Security-Policy"]
        shown = self.client.get(unescape(frame[1]))
        assert shown.content.decode() == campaigns.letter(self.ben, None, timezone.now()).html
        policy = shown["Content-Security-Policy"]
        for rule in ("style-src 'unsafe-inline'", "frame-ancestors 'self'", "script-src 'none'"):
            assert rule in policy
        assert shown["X-Frame-Options"] == "SAMEORIGIN"
        other = self.read()
        assert "unsafe-inline" not in other["Content-Security-Policy"]
        assert self.as_(self.hal).get(LETTER).status_code == 403

    def test_has_no_mail_to_show_where_nothing_is_quiet(self):
        actions.start_campaign(by=self.lead, at=NOON)
        assert self.as_(self.lead).get(LETTER).status_code == 404

    def test_lists_who_gets_it_and_leads_to_the_mail_of_each(self):
        unit = Unit.objects.get(name="Claims")
        page = self.read(unit=unit.pk).content.decode()
        for person in (self.ana, self.ben, self.cleo):
            assert f'href="?person={person.pk}&amp;unit={unit.pk}#mail"' in page
        assert "3 roles · shown above" in self.text(self.read())
        assert "<select" not in page[page.index('id="mail"') :]
        for number in range(60):
            row = make_declared(by=self.lead, name=f"More {number}", stage=Stage.PILOT)
            Initiative.objects.filter(pk=row.pk).update(counting_since=None)
            person = make_person(name=f"Zoe {number:02}")
            initiatives.ask(initiative=row, role=Role.SPONSOR, person=person, by=self.lead, at=NOON)
        assert "Zoe 59" not in self.text(self.read())
        assert "Zoe 59" in self.text(self.read(page=2))

    def test_never_shows_a_link_by_which_one_could_become_somebody_else(self):
        page = self.read(person=self.ben.pk).content.decode()
        assert reverse("account_reset_password") in page
        assert "/key/" not in page

    def test_starts_once_it_is_confirmed(self):
        self.read()
        response = self.press(sure="")
        assert response.status_code == 422
        assert Initiative.objects.quiet().exists()
        response = self.client.post(START, {"mails": 3, "unit": "", "sure": "on"}, follow=True)
        (said,) = self.said(response)
        assert said.startswith("Started for 7 initiatives. 3 mails go out ")
        assert not Initiative.objects.quiet().exists()

    def test_asks_again_when_more_would_hear_than_was_shown(self):
        self.read()
        response = self.press(mails=2)
        assert response.status_code == 422
        assert "3 people would get a mail now, not 2. Look again." in self.text(response)
        assert 'name="mails" value="3"' in response.content.decode()
        assert Initiative.objects.quiet().exists()

    def test_can_be_of_one_unit(self):
        unit = Unit.objects.get(name="Service")
        assert "3 initiatives begin to count" in self.text(self.read(unit=unit.pk))
        assert self.press(unit=unit.pk, mails=2).status_code == 302
        assert Initiative.objects.quiet().count() == 3

    def test_says_when_nothing_is_quiet(self):
        actions.start_campaign(by=self.lead, at=NOON)
        assert "Nothing is quiet" in self.text(self.read())


class Started(Pages):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.now = timezone.now()
        actions.start_campaign(by=cls.lead, at=cls.now)


class TestMine(Started):
    def post(self, person=None, follow=True, **said):
        return self.as_(person or self.ana).post(MINE, said, follow=follow)

    def test_lists_all_that_is_said_to_be_theirs(self):
        text = self.text(self.as_(self.ana).get(MINE))
        assert "0 of 3 answered" in text
        for name in ("Letters", "Invoices", "Photos"):
            assert name in text
        assert "Calls" not in text
        assert "Lea Lund named you business owner" in text

    def test_has_nothing_for_who_is_asked_nothing(self):
        assert "Nothing waits for your answer" in self.text(self.as_(self.hal).get(MINE))

    def test_leads_on_to_the_dashboard_whoever_has_just_set_a_password_and_is_asked_nothing(self):
        home = reverse("portfolio:dashboard")
        assert self.as_(self.hal).get(f"{MINE}?else=dashboard")["Location"] == home
        assert self.as_(self.ana).get(f"{MINE}?else=dashboard").status_code == 200

    def test_takes_one_with_one_tap(self):
        response = self.post(mine=self.of("Letters").pk)
        assert self.said(response) == [f"Noted: {self.of('Letters')} is yours."]
        assert "1 of 3 answered" in self.text(response)
        assert self.states(self.ana) == {
            "Letters": "accepted", "Invoices": "asked", "Photos": "asked",
        }  # fmt: skip

    def test_takes_the_ticked_ones_and_all(self):
        chosen = [self.of(name).pk for name in ("Letters", "Photos")]
        response = self.post(mine="ticked", initiative=chosen)
        assert self.said(response) == ["Noted: 2 initiatives are yours."]
        self.post(mine="all")
        assert set(self.states(self.ana).values()) == {"accepted"}

    def test_takes_nothing_of_somebody_else(self):
        self.post(person=self.cleo, mine=self.of("Letters").pk)
        self.post(person=self.cleo, mine="ticked", initiative=[self.of("Calls").pk, "x", "²"])
        assert self.states(self.ana)["Letters"] == "asked"
        assert self.states(self.ben)["Calls"] == "asked"

    def test_says_what_to_do_where_nothing_is_ticked(self):
        response = self.post(mine="ticked")
        assert self.said(response) == ["Tick those that you mean, then press again."]

    def test_asks_no_more_of_the_database_for_a_hundred_than_for_a_few(self):
        few = self.count()
        for number in range(30):
            stage = Stage.PILOT if number % 2 else Stage.PRODUCTION
            row = make_declared(by=self.lead, name=f"System {number}", stage=stage)
            for role in (Role.BUSINESS_OWNER, Role.SPONSOR):
                initiatives.ask(
                    initiative=row, role=role, person=self.ana, by=self.lead, at=self.now
                )
        assert self.count() == few <= 14

    def count(self):
        client = self.as_(self.ana)
        client.get(MINE)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(MINE).status_code == 200
        return len(seen)


class TestNotMine(Started):
    def open(self, *names, person=None):
        of = [str(self.of(name).pk) for name in names]
        response = self.as_(person or self.ana).post(MINE, {"not_mine": "ticked", "initiative": of})
        return response["Location"]

    def test_hands_on_to_a_colleague(self):
        url = self.open("Letters", "Photos")
        response = self.client.post(
            url, {"person": self.hal.pk, "comment": "Since May."}, follow=True
        )
        assert self.said(response) == ["Noted: 2 initiatives are not yours."]
        assert self.states(self.hal) == {"Letters": "asked", "Photos": "asked"}
        assert self.states(self.ana)["Invoices"] == "asked"
        assert "2 of 3 answered" in self.text(response)

    def test_invites_whoever_is_not_here_yet(self):
        url = self.open("Letters")
        self.client.post(url, {"email": "nora.new@example.com", "name": "Nora New"})
        assert self.states(Person.objects.get(email="nora.new@example.com")) == {"Letters": "asked"}

    def test_takes_a_plain_no(self):
        self.client.post(self.open("Letters"), {})
        assert self.states(self.ana)["Letters"] == "declined"

    def test_keeps_what_was_typed_where_it_is_refused(self):
        url = self.open("Letters")
        response = self.client.post(url, {"email": "x@elsewhere.example", "comment": "Ask Nora."})
        assert response.status_code == 422
        page = response.content.decode()
        assert "Only addresses that end like yours (example.com)" in page
        assert 'value="x@elsewhere.example"' in page
        assert "Ask Nora." in page
        assert self.states(self.ana)["Letters"] == "asked"

    def test_wants_a_person_or_an_address(self):
        url = self.open("Letters")
        both = {"person": self.hal.pk, "email": "nora.new@example.com"}
        assert self.client.post(url, both).status_code == 422

    def test_goes_back_where_nothing_of_it_waits_any_more(self):
        url = self.open("Letters")
        self.accept(self.ana, at=self.now)
        response = self.client.post(url, {"person": self.hal.pk}, follow=True)
        assert self.said(response) == ["Nothing of this waits for your answer any more."]
        assert self.as_(self.cleo).get(url)["Location"] == MINE
        assert self.client.get(f"{reverse('campaign:not_mine')}?of=x,,99999999999999999999")


class TestDead(Started):
    def say(self, name="Letters"):
        url = self.as_(self.ana).post(MINE, {"dead": self.of(name).pk})["Location"]
        return self.client.post(url, {"reason": "Switched off in May."}, follow=True)

    def test_asks_the_leads_to_retire_it(self):
        response = self.say()
        assert self.said(response) == ["Noted. The portfolio leads decide on it."]
        assert RetirementRequest.objects.get().asked_by == self.ana
        text = self.text(response)
        assert "Said to be dead" in text
        assert "Switched off in May." in text
        actions.hear(at=self.now)
        told = Reminder.objects.get(kind="retirement_asked")
        assert (told.recipient, told.path) == (self.lead, RETIRE)

    def test_wants_to_know_how_one_knows(self):
        url = self.as_(self.ana).post(MINE, {"dead": self.of("Letters").pk})["Location"]
        assert self.client.post(url, {"reason": ""}).status_code == 422


class TestDates(Started):
    def setUp(self):
        self.accept(self.ana, at=self.now)
        self.day = timezone.localdate(self.now)
        self.photos = self.of("Photos")

    def save(self, days, person=None):
        day = (self.day + timedelta(days=days)).isoformat()
        return self.as_(person or self.ana).post(DATES, {f"day_{self.photos.pk}": day})

    def test_proposes_a_date_for_each_pilot_that_was_taken_over(self):
        text = self.text(self.as_(self.ana).get(MINE))
        assert "Decide by when?" in text
        assert "Photos" in text
        assert "Letters" not in text
        assert "Decide by when?" not in self.text(self.as_(self.cleo).get(MINE))

    def test_takes_another_day(self):
        assert self.save(35)["Location"] == MINE
        assert self.of("Photos").decision_date == self.day + timedelta(days=35)

    def test_keeps_what_is_beyond_the_limits_in_the_form_and_says_why(self):
        response = self.save(60)
        assert response.status_code == 422
        page = response.content.decode()
        assert (self.day + timedelta(days=60)).isoformat() in page
        assert "whoever needs longer extends it" in page
        assert self.of("Photos").decision_date == self.day + timedelta(days=30)

    def test_is_nothing_for_others(self):
        self.save(20, person=self.cleo)
        assert self.of("Photos").decision_date == self.day + timedelta(days=30)


class TestSilent(Started):
    def setUp(self):
        Initiative.objects.counting().update(counting_since=self.now - timedelta(days=4))

    def test_speaks_of_silence_from_the_first_day_on_which_people_are_asked_again(self):
        Initiative.objects.counting().update(counting_since=self.now - timedelta(days=2))
        text = self.text(self.as_(self.lead).get(SILENT))
        assert "no answer yet" in text
        assert "Chase all" not in text
        response = self.client.post(CHASE, {"all": "yes"}, follow=True)
        assert self.said(response) == ["Nobody is asked again."]
        assert (
            "One person"
            in self.said(self.client.post(CHASE, {"person": self.ben.pk}, follow=True))[0]
        )
        Initiative.objects.filter(name="Calls").update(counting_since=self.now - timedelta(days=3))
        assert "Chase all 1 who are silent" in self.text(self.client.get(SILENT))

    def test_lists_for_leads_everybody_who_is_silent(self):
        text = self.text(self.as_(self.lead).get(SILENT))
        for words in ("Ana Able", "Cleo Calm", "has not signed in yet", "Chase all 3"):
            assert words in text

    def test_lists_for_the_head_of_a_unit_those_whose_silence_comes_to_them(self):
        text = self.text(self.as_(self.hal).get(SILENT))
        assert "Ana Able" in text
        assert "Chase" not in text
        Unit.objects.update(head=self.cleo)
        assert "Nobody is silent" in self.text(self.as_(self.hal).get(SILENT))

    def test_shows_a_head_nothing_that_they_may_not_know_of(self):
        Initiative.objects.filter(name="Letters").update(is_restricted=True)
        page = self.as_(self.hal).get(SILENT).content.decode()
        assert "Invoices" in page
        assert "Letters" not in page

    def test_chases_those_who_are_ticked_or_all(self):
        response = self.as_(self.lead).post(CHASE, {"person": [self.ben.pk, "x"]}, follow=True)
        assert self.said(response) == ["One person is asked again, by a mail that goes out now."]
        response = self.client.post(CHASE, {"all": "yes"}, follow=True)
        assert self.said(response) == [
            "2 people are asked again, by a mail that goes out now. "
            "Left out: ben.byname@example.com (asked today, or by their next mail)."
        ]
        response = self.client.post(CHASE, {"all": "yes"}, follow=True)
        assert self.said(response) == [
            "Nobody is asked again. Left out: Ana Able, Cleo Calm and ben.byname@example.com "
            "(asked today, or by their next mail)."
        ]

    def test_says_whom_chasing_all_left_out_since_the_page_was_opened(self):
        page = self.as_(self.lead).get(SILENT)
        (seen_at,) = re.findall(r'name="seen_at" value="([^"]+)"', page.content.decode())
        self.accept(self.ana, at=timezone.now())
        people.deactivate(person=self.ben, by=None, at=timezone.now())
        sent = {"all": "yes", "seen_at": seen_at}
        assert self.said(self.client.post(CHASE, sent, follow=True)) == [
            "One person is asked again, by a mail that goes out now. "
            "Left out: Ana Able (answered meanwhile); ben.byname@example.com (no longer here)."
        ]
        assert self.said(self.client.post(CHASE, {"all": "yes", "seen_at": "x"}, follow=True)) == [
            "Nobody is asked again. Left out: Cleo Calm (asked today, or by their next mail)."
        ]

    def test_says_of_the_ticked_who_is_silent_no_more(self):
        self.accept(self.ana, at=timezone.now())
        sent = {"person": [self.ana.pk, self.cleo.pk]}
        assert self.said(self.as_(self.lead).post(CHASE, sent, follow=True)) == [
            "One person is asked again, by a mail that goes out now. "
            "Left out: Ana Able (answered meanwhile)."
        ]

    def test_names_a_few_of_many_and_counts_the_others(self):
        names = [f"Person {number}" for number in range(7)]
        assert campaigns.chased(0, {"why": names}).endswith(
            "Left out: Person 0, Person 1, Person 2, Person 3, Person 4 and 2 others (why)."
        )
        assert campaigns.chased(2, {}) == "2 people are asked again, by a mail that goes out now."

    def test_chases_nobody_unasked(self):
        response = self.as_(self.lead).post(CHASE, {}, follow=True)
        assert self.said(response) == ["Nobody was ticked."]
        assert not Reminder.objects.exists()

    def test_is_chased_by_leads_alone(self):
        assert self.as_(self.hal).post(CHASE, {"all": "yes"}).status_code == 403
        assert not Reminder.objects.exists()

    def test_asks_no_more_of_the_database_for_many(self):
        few = self.count()
        for number in range(20):
            person = make_person(name=f"Person {number}")
            row = make_declared(by=self.lead, name=f"System {number}", stage=Stage.PILOT)
            initiatives.ask(
                initiative=row, role=Role.SPONSOR, person=person, by=self.lead, at=self.now
            )
        assert self.count() == few <= 12

    def count(self):
        client = self.as_(self.lead)
        client.get(SILENT)
        with CaptureQueriesContext(connection) as seen:
            client.get(SILENT)
        return len(seen)


class TestRetiring(Started):
    def setUp(self):
        for name in ("Photos", "Letters"):
            reviews.ask_to_retire(
                initiative=self.of(name), reason=f"{name} is off.", by=self.ana, at=self.now
            )

    def retire(self, *names, person=None, **said):
        ticked = RetirementRequest.objects.filter(initiative__name__in=names)
        form = {"outcome": "withdrawn", "lesson": "Ask who uses it."} | said
        form["request"] = [str(request.pk) for request in ticked]
        return self.as_(person or self.lead).post(RETIRE, form)

    def stages(self):
        return {name: self.of(name).stage for name in ("Photos", "Letters")}

    def test_is_for_leads_alone(self):
        assert self.as_(self.ana).get(RETIRE).status_code == 403
        assert self.retire("Photos", person=self.hal).status_code == 403
        assert self.of("Photos").stage == Stage.PILOT

    def test_shows_what_was_said_by_whom(self):
        text = self.text(self.as_(self.lead).get(RETIRE))
        for words in ("Photos is off.", "Letters is off.", "Ana Able", "cannot be undone"):
            assert words in text

    def test_retires_the_ticked_ones(self):
        assert self.retire("Photos")["Location"] == RETIRE
        assert self.stages() == {"Photos": Stage.RETIRED, "Letters": Stage.PRODUCTION}

    def test_retires_from_production_what_nobody_relies_on(self):
        self.retire("Photos", "Letters", unused_because="Off since May.")
        assert set(self.stages().values()) == {Stage.RETIRED}

    def test_says_what_was_refused_and_why(self):
        response = self.retire("Photos", "Letters")
        assert response.status_code == 422
        assert self.stages() == {"Photos": Stage.RETIRED, "Letters": Stage.PRODUCTION}
        text = self.text(response)
        assert "One initiative is retired." in text
        assert "Not retired" in text
        assert reverse("reviews:decide", args=[self.of("Letters").pk, "decommission"]) in (
            response.content.decode()
        )

    def test_keeps_what_was_typed_and_ticked_where_something_is_missing(self):
        response = self.retire("Photos", outcome="")
        assert response.status_code == 422
        page = response.content.decode()
        assert "Ask who uses it." in page
        assert page.count(" checked") == 1
        assert self.of("Photos").stage == Stage.PILOT

    def test_wants_something_ticked(self):
        response = self.retire()
        assert response.status_code == 422
        assert "Tick those that are to be retired." in self.text(response)

    def test_keeps_one_with_a_reason(self):
        said = RetirementRequest.objects.get(initiative__name="Photos")
        url = reverse("campaign:keep", args=[said.pk])
        assert "Photos is off." in self.text(self.as_(self.lead).get(url))
        assert self.client.post(url, {"because": ""}).status_code == 422
        assert self.client.post(url, {"because": "It runs."})["Location"] == RETIRE
        assert self.client.get(url).status_code == 404
        assert "Photos" in self.text(self.as_(self.ana).get(MINE))

    def test_is_kept_by_leads_alone(self):
        said = RetirementRequest.objects.get(initiative__name="Photos")
        url = reverse("campaign:keep", args=[said.pk])
        assert self.as_(self.ana).post(url, {"because": "No."}).status_code == 403

    def test_says_when_nothing_is_dead(self):
        RetirementRequest.objects.all().delete()
        assert "Nothing is said to be dead" in self.text(self.as_(self.lead).get(RETIRE))


class TestInvited(Started):
    """Known by the file alone, until they have set a password by the link in a mail."""

    def test_gets_from_the_mail_to_the_page_by_setting_a_password(self):
        actions.hear(at=self.now)
        morning = mail_time(add_working_days(timezone.localdate(self.now), 1))
        actions.deliver(clock=lambda: morning)
        (asked,) = [w for w in mail.outbox if w.to == [self.ben.email]]
        reset, page = reverse("account_reset_password"), MINE
        assert reset in str(asked.body)
        assert page in str(asked.body)
        assert self.client.get(MINE)["Location"].startswith(reverse("account_login"))
        mail.outbox.clear()
        self.client.post(reset, {"email": self.ben.email})
        (link,) = re.findall(r"https?://\S+(/accounts/\S+)", str(mail.outbox[0].body))
        form = self.client.get(link, follow=True)
        words = {"password1": "nobody thinks of this", "password2": "nobody thinks of this"}
        done = self.client.post(form.redirect_chain[-1][0], words, follow=True)
        (sign_in,) = re.findall(r'href="(/accounts/login/\?next=[^"]+)"', done.content.decode())
        response = self.client.post(
            sign_in, {"login": self.ben.email, "password": "nobody thinks of this"}, follow=True
        )
        assert response.redirect_chain[-1][0].startswith(MINE)
        assert "Calls" in self.text(response)
        self.client.post(MINE, {"mine": self.of("Calls").pk})
        assert self.states(self.ben) == {"Calls": "accepted"}
