from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.test import TestCase
from django.urls import resolve, reverse
from django.utils import timezone

from notifications import mail, queries
from notifications.models import Message, Reminder
from notifications.preferences import DIGEST
from portfolio import demo
from tests.notifications.mails import STORIES, every_mail, html_of
from tests.notifications.scenes import TODAY, make_initiative, make_lead, make_person, owe_one

# How each begins, and which page its button opens.
SUBJECTS = {
    "sign": (r"Sign by \w+: .+ \(AI-\d+\), charter", "reviews:detail"),
    "sign-still": (r"Sign (by|now).*: .+ \(AI-\d+\), .+", "reviews:detail"),
    "sign-again": (r"Sign again by \w+: .+ \(AI-\d+\), charter", "reviews:detail"),
    "sign-anew": (r"Sign again (by|now).*: .+ \(AI-\d+\), go-live", "reviews:detail"),
    "receipt": (r"Receipt: .+ \(AI-\d+\), .+ review", "reviews:receipt"),
    "new-sponsor": (r"Sign by .+ what you took over: .+ \(AI-\d+\)", "initiatives:detail"),
    "asked": (r"Answer .+: .+ \(AI-\d+\), charter review", "reviews:detail"),
    "answered": (r"Your question is answered: .+, go-live review", "reviews:detail"),
    "mentioned": (r".+ mentioned you: .+ \(AI-\d+\)", "reviews:detail"),
    "see-to-it": (
        r"(See to it|Confirm) by .+: .+ \(AI-\d+\)",
        "initiatives:confirm_obligation",
    ),
    "not-confirmed": (
        r"Confirm that it is done: .+ \(AI-\d+\), due .+",
        "initiatives:confirm_obligation",
    ),
    "own": (r"Accept or decline: .+ of .+ \(AI-\d+\)", "campaign:mine"),
    "own-several": (r"Say which are yours: .+ wait for your answer", "campaign:mine"),
    "chased": (r"Accept or decline: .+ of .+ \(AI-\d+\)", "campaign:mine"),
    "silent": (r"Speak to them: .+ not said what is theirs", "campaign:silent"),
    "dead": (r"Retire or keep what its owners say is dead", "campaign:retire"),
    "triages": (r"Confirm the level and legal class of .+ triaged", "initiatives:triage_queue"),
    "ready": (r"Have it ready by \w+( \d+ \w+)?: .+ \(AI-\d+\)", "initiatives:detail"),
    "decide-late": (r"Decide now: .+ \(AI-\d+\), late since .+", "initiatives:detail"),
    "lapsed": (r"Decide now: .+ \(AI-\d+\) has lapsed", "initiatives:detail"),
    "complete": (r"Decide now: .+ \(AI-\d+\) is complete and signed", "reviews:detail"),
    "reached": (r"Decide now: .+ has reached its threshold", "initiatives:detail"),
    "second": (r"Sign or refuse an override: .+, go-live", "reviews:countersign"),
    "override": (r"Meet what was set aside by .+: .+ \(AI-\d+\)", "initiatives:detail"),
    "catch-up": (
        r"Ask for the catch-up review now: .+ \(AI-\d+\), late since .+",
        "initiatives:detail",
    ),
    "recertify": (
        r"Ask for the recertification review by .+: .+ \(AI-\d+\)",
        "initiatives:detail",
    ),
    "falls-short": (r"See why it falls short, .+: .+ \(AI-\d+\)", "initiatives:detail"),
    "measure": (r"Measure it again: .+ \(AI-\d+\)", "initiatives:detail"),
    "evaluate": (r"Run the evaluation again: .+ \(AI-\d+\)", "initiatives:detail"),
    "costs": (r"See what it costs, .+: .+ \(AI-\d+\)", "initiatives:detail"),
    "stalled": (r"Say how it stands: .+ \(AI-\d+\)", "initiatives:detail"),
    "not-signed": (r"Get the missing signatures: .+ \(AI-\d+\)", "initiatives:detail"),
    "nobody-signs": (r"Appoint somebody who signs: .+ \(AI-\d+\)", "initiatives:detail"),
    "unowned": (r"Name who answers for .+ \(AI-\d+\)", "initiatives:detail"),
    "leaves": (r"Hand over by .+: .+ \(AI-\d+\)", "people:hand_over"),
    "successor": (r"Name who takes over by .+: .+ \(AI-\d+\)", "initiatives:detail"),
    "last-day": (r"Check your last day: .+ was recorded", "people:detail"),
    "take-over": (r"Accept or decline what .+ hands over: .+ things", "people:take_over"),
    "not-answered": (r"Speak to .+: no answer about what .+ hands over", "people:take_over"),
    "not-taken": (r"Find somebody else: .+ declined what .+ owns", "people:detail"),
    "refused": (r"Mend an address: one mail could not be delivered", "notifications:operations"),
    "tripped": (r"Decide now: .+, a kill condition has tripped", "initiatives:detail"),
    "suspended": (r"Decide by .+: .+ \(AI-\d+\) is suspended", "initiatives:detail"),
    "make-sure": (r"Make sure that it is off: .+ is suspended", "initiatives:detail"),
    "daily": (r"\d+ things wait for you: Have it ready by .+", "portfolio:my_work"),
    "urgent": (r"\d+ things wait for you: .+", "portfolio:my_work"),
    "invited": (r"Accept or decline: .+", "campaign:mine"),
    "weekly": (r"Decide \d+ late and \d+ due: the portfolio in .+", "portfolio:dashboard"),
}
BUTTON = re.compile(r'<td class="button"[^>]*><a href="([^"]+)"')


class TestEveryMail(TestCase):
    """What holds for each kind, as the demo portfolio owes it."""

    mails: dict[str, EmailMultiAlternatives]

    @classmethod
    def setUpTestData(cls):
        demo.load(STORIES)
        cls.mails = every_mail(timezone.now())

    def test_there_is_one_of_each_kind(self):
        assert self.mails.keys() == SUBJECTS.keys()
        kinds = set(Reminder.objects.owed().values_list("kind", flat=True))
        assert kinds == {*mail.ACTIONS, DIGEST}

    def test_its_subject_says_what_to_do(self):
        for name, (pattern, _) in SUBJECTS.items():
            assert re.match(pattern, self.mails[name].subject), self.mails[name].subject

    def test_its_button_asks_nobody_to_decide_who_may_not(self):
        for name, action in {
            "ready": "See what is missing", "decide-late": "Open and decide",
            "tripped": "Open and decide", "suspended": "Open and decide",
            "make-sure": "Open and confirm that it is off", "sign": "Read and sign",
        }.items():  # fmt: skip
            assert f">{action}</a>" in html_of(self.mails[name]), name
        for reminder in Reminder.objects.owed().filter(says__startswith="Decide"):
            assert re.search("sponsor|portfolio lead", reminder.why), reminder.why

    def test_asking_for_a_signature_it_quotes_what_was_promised(self):
        text = " ".join(str(self.mails["sign"].body).split())
        assert re.search(r"(Reduce|Raise) .+ from .+ to .+\.", text)

    def test_its_one_button_opens_the_page_where_it_is_done(self):
        for name, (_, view) in SUBJECTS.items():
            (url,) = BUTTON.findall(html_of(self.mails[name]))
            path = url.removeprefix(settings.BASE_URL).partition("#")[0]
            assert resolve(path).view_name == view, name

    def test_its_text_reads_well_by_itself(self):
        """At most 72 columns, and each link on a line of its own."""
        for name, written in self.mails.items():
            for line in str(written.body).splitlines():
                is_link = line.startswith(settings.BASE_URL) and " " not in line
                assert is_link or ("http" not in line and len(line) <= 72), (name, line)
            assert "\n\n\n" not in str(written.body).strip()
            assert "&#" not in str(written.body)

    def test_it_breaks_no_reference_at_its_hyphen(self):
        """The hyphen is one that can be copied; what keeps the line together stands around it."""
        for name in ("sign", "own-several", "decide-late", "daily", "weekly"):
            html = html_of(self.mails[name])
            body = html[html.index('class="card"') :]
            shown = re.findall(r"AI-\d+", re.sub(r'="[^"]*"', "", body))
            assert shown, name
            assert len(shown) == len(re.findall(r'"white-space:nowrap">\(?AI-\d+', body)), name
            assert "\u2011" not in html + str(self.mails[name].body)

    def test_both_say_why_and_who_else_and_link_to_the_same(self):
        for name, written in self.mails.items():
            html, text = html_of(written), " ".join(str(written.body).split())
            why = "Why did I get this?" if name == "weekly" else "Why you: "
            assert why in text
            assert why in html
            assert ("Also asked: " in text) == ("Also asked: " in html), name
            links = {unescape(url) for url in re.findall(r'href="([^"]+)"', html)}
            assert links == set(re.findall(r"http\S+", text)), name
        assert "Also asked: " in html_of(self.mails["sign"])

    def test_it_asks_nothing_of_a_mail_program(self):
        """No image, script or address elsewhere; nothing tells us that it was opened."""
        for written in self.mails.values():
            html = html_of(written)
            assert not re.search(r"<(img|script|link|iframe|form)\b|url\(|src=|@import", html)
            for url in re.findall(r'href="([^"]+)"', html):
                assert url.startswith(f"{settings.BASE_URL}/")
                assert "?" not in url or "/initiatives/?" in url  # a list, of the digest

    def test_it_can_be_stopped_where_nobody_is_named_to_act(self):
        """By a link, and by a button of the mail program (RFC 8058)."""
        for name in ("silent", "receipt", "mentioned", "not-signed", "weekly"):
            headers, html = self.mails[name].extra_headers, html_of(self.mails[name])
            url = headers["List-Unsubscribe"].strip("<>")
            assert resolve(url.removeprefix(settings.BASE_URL)).view_name == "mails:unsubscribe"
            assert f'href="{url}"' in html
            assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
            assert "cannot be turned off" not in html

    def test_it_says_why_it_cannot_be_stopped_where_somebody_is(self):
        for name in (
            "sign",
            "own",
            "see-to-it",
            "asked",
            "ready",
            "decide-late",
            "tripped",
            "make-sure",
            "falls-short",
            "leaves",
            "not-taken",
        ):
            html = html_of(self.mails[name])
            assert "List-Unsubscribe" not in self.mails[name].extra_headers
            assert "These mails cannot be turned off" in html
            assert "Stop mails about" not in html

    def test_it_links_to_the_mail_settings(self):
        for written in self.mails.values():
            assert settings.BASE_URL + reverse("mails:settings") in html_of(written)

    def test_it_says_its_language_and_that_it_knows_the_dark(self):
        for written in self.mails.values():
            html = html_of(written)
            assert html.lstrip().startswith("<!doctype html>")
            assert '<html lang="en-GB"' in html
            assert '<meta name="color-scheme" content="light dark">' in html
            assert "prefers-color-scheme: dark" in html
            assert "max-width:600px" in html
            assert html.count("<table") == html.count('<table role="presentation"')
            assert written.extra_headers["Content-Language"] == "en-GB"

    def test_it_previews_what_the_subject_does_not_say(self):
        for written in self.mails.values():
            shown = re.search(r"mso-hide:all\">([^<&]+)", html_of(written))
            assert shown is not None
            assert shown[1].strip() not in ("", written.subject)


class TestDays(TestCase):
    @pytest.mark.embedded
    def test_are_said_as_people_say_them(self):
        monday = date(2026, 3, 2)
        said = {days: mail.spoken(monday + timedelta(days=days), monday) for days in (0, 3, 6, 7)}
        assert said == {0: "today", 3: "Thursday", 6: "Sunday", 7: "Mon 9 Mar"}
        assert mail.spoken(date(2026, 2, 23), monday) == "Mon 23 Feb"
        assert mail.spoken(date(2027, 3, 2), monday) == "2 Mar 2027"

    def test_are_counted_where_the_reminder_names_them(self):
        initiative = make_initiative(make_lead())
        reminder = owe_one(
            make_person("Olga Owner"),
            initiative,
            kind="decision_date",
            says="Decide by 2 Mar 2026: Claims triage (AI-0001)",
            detail="Its ship-or-kill date is 2 Mar 2026.",
        )
        message = Message(pk=1, recipient=reminder.recipient, is_urgent=False)
        written = mail.written(message, [reminder], {}, TODAY - timedelta(days=2))
        assert written.subject == "Decide by Monday: Claims triage (AI-0001)"
        assert "Its ship-or-kill date is Monday 2 Mar 2026, in 2 days." in str(written.body)
        assert "Until" not in str(written.body)


class TestTheSame(TestCase):
    """Two things that are going on, of which one page is asked for, are one thing to do."""

    @classmethod
    def setUpTestData(cls):
        cls.initiative = make_initiative(make_lead())
        cls.reader = make_person("Olga Owner")

    def written(self, **second):
        said = {"says": "Appoint somebody who signs: Claims triage (AI-0001)", "why": "You lead."}
        first = owe_one(self.reader, self.initiative, subject="slot:1", detail="No owner.", **said)
        said |= {"detail": "No sponsor."} | second
        other = owe_one(self.reader, self.initiative, subject="slot:2", **said)
        message = Message(pk=1, recipient=self.reader, is_urgent=False)
        return mail.written(message, [first, other], {}, TODAY)

    def test_is_asked_once_with_all_that_is_going_on(self):
        written = self.written()
        assert written.subject == "Appoint somebody who signs: Claims triage (AI-0001)"
        assert "one thing waits for you" in str(written.body)
        assert "\nNo owner.\nNo sponsor.\n" in str(written.body)
        assert "No owner.<br>No sponsor." in html_of(written)

    def test_is_not_what_is_done_elsewhere(self):
        assert self.written(path="/elsewhere/").subject.startswith("2 things wait for you")


class TestOthers(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.lead = make_lead()
        cls.initiative = make_initiative(cls.lead)
        cls.mine = owe_one(cls.lead, cls.initiative)

    def told(self) -> list[str]:
        return queries.others_told([self.mine])[self.mine.pk]

    def test_are_those_who_are_asked_the_same_at_whatever_step(self):
        owe_one(make_person("Olga Owner"), self.initiative, step=3)
        assert self.told() == ["Olga Owner"]

    def test_are_not_those_of_another_initiative_a_cancelled_one_or_who_has_left(self):
        owe_one(make_person("Other One"), make_initiative(self.lead, name="Other"))
        owe_one(make_person("Olga Owner"), self.initiative, state="cancelled")
        gone = make_person("Gone Away")
        owe_one(gone, self.initiative)
        type(gone).objects.filter(pk=gone.pk).update(is_active=False)
        assert self.told() == []

    def test_are_of_what_is_to_be_seen_to_those_of_the_same_thing(self):
        """Whoever has to see that it is done reads who was to do it."""
        about = {"kind": "obligation", "step": 7}
        mine = owe_one(self.lead, self.initiative, subject="obligation:1", **about)
        owe_one(make_person("Olga Owner"), self.initiative, subject="obligation:1", **about)
        owe_one(make_person("Other One"), self.initiative, subject="obligation:2", **about)
        assert queries.others_told([mine]) == {mine.pk: ["Olga Owner"]}

    def test_are_counted_where_they_are_many(self):
        names = [f"Person {n}" for n in range(6)]
        assert mail.listed(mail._some(names)) == "Person 0, Person 1, Person 2 and 3 others"
        assert mail.listed(mail._some(names[:2])) == "Person 0 and Person 1"
        assert mail.listed(mail._some([])) == ""
