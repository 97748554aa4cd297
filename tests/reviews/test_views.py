from __future__ import annotations

import html
import re
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser
from itertools import zip_longest
from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person, SignIn
from initiatives import actions as initiatives
from initiatives.models import Evidence, Initiative, Metric, Ownership
from initiatives.stages import Gate, Stage
from initiatives.triage import QUESTIONS
from reviews import actions, queries
from reviews.models import Decision, Review, SignOff
from reviews.policy import Field
from tests import factories
from tests.reviews.scenes import (
    DAY,
    MINUTE,
    answered,
    give,
    sign_in,
    slot,
    standing,
    state,
    threshold,
    value_of,
)

PASSWORD = "correct horse battery"
MEGABYTE = "x" * 1_000_000


class Words(HTMLParser):
    """What one reads in <main> before opening anything."""

    SILENT = ("script", "style", "option", "template", "svg")
    VOID = ("input", "br", "hr", "img", "meta", "link", "path", "wbr")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.VOID:
            return
        given = dict(attrs)
        unseen = (
            tag in self.SILENT
            or "visually-hidden" in (given.get("class") or "")
            or "hidden" in given
            or (self.open[-1:] == [("details", False)] and tag != "summary")
        )
        self.open.append((tag, unseen))

    def handle_endtag(self, tag: str) -> None:
        while self.open and tag not in self.VOID:
            if self.open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        inside = [tag for tag, _ in self.open]
        if "main" in inside and not any(unseen for _, unseen in self.open):
            self.words += [w for w in data.split() if any(c.isalnum() for c in w)]


def words_of(response: HttpResponse) -> list[str]:
    reader = Words()
    reader.feed(response.content.decode())
    return reader.words


def text_of(response: HttpResponse) -> str:
    """What is on the page, without tags and with single blanks."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


class ReviewPages(TestCase):
    """A charter of today; people sign in without a password unless they have to prove it."""

    @classmethod
    def setUpTestData(cls):
        cls.now = timezone.now()
        cls.cast = factories.make_cast(at=cls.now - 400 * DAY)
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast, at=cls.now - 20 * DAY)
        cls.review = factories.make_review(
            initiative=cls.initiative, by=cls.cast.business_owner, at=cls.now - DAY
        )

    def sign_in(self, person: Person, *, proved: timedelta | None = MINUTE) -> None:
        sign_in(self.client, person, proved=proved)

    def page(self) -> Any:
        return self.client.get(self.review.get_absolute_url())

    def post(self, key: str = "sponsor", **values: str) -> Any:
        given = {"digest": standing(self.review).digest, "verdict": "approve", "comment": ""}
        return self.client.post(self.sign_url(key), given | values)

    def sign_url(self, key: str = "sponsor") -> str:
        return reverse("reviews:sign", args=[slot(self.review, key).pk])

    def decide_url(self, kind: str) -> str:
        return reverse("reviews:decide", args=[self.initiative.pk, kind])

    def sign_all(self) -> None:
        factories.sign_in_turn(review=self.review, by=self.cast.signers, at=self.now - MINUTE)


class TestReviewDetail(ReviewPages):
    def test_asks_a_signer_to_sign(self):
        self.sign_in(self.cast.sponsor)
        page = self.page()
        assert page.status_code == 200
        said = text_of(page)
        assert "You sign as Sponsor" in said
        assert "Reduce the time until a claim is with its handler from 4 h to 45 min" in said
        assert slot(self.review, "sponsor").meaning in said
        assert "All 15 points are met" in said
        assert self.sign_url() in page.content.decode()

    def test_says_what_one_unit_of_a_models_score_is_worth(self):
        metric = Metric.objects.get(initiative=self.initiative, is_primary=True)
        initiatives.define_metric(
            initiative=self.initiative,
            metric=metric,
            values=factories.metric_values(name="F1 of triage", worth="A point saves 40 hours."),
            by=self.cast.lead,
            at=self.now,
        )
        self.sign_in(self.cast.sponsor)
        worth = "One unit is worth: A point saves 40 hours."
        assert worth in text_of(self.page())
        assert worth in text_of(self.client.get(self.initiative.get_absolute_url()))

    def test_can_be_read_by_a_signer_in_two_minutes(self):
        for signer in (self.cast.sponsor, self.cast.compliance):
            self.sign_in(signer)
            read = words_of(self.page())
            assert 60 < len(read) <= 250, f"{len(read)} words: {' '.join(read)}"

    def test_can_be_read_in_two_minutes_when_much_is_open_and_changed(self):
        self.sign_all()
        bare = factories.make_initiative(by=self.cast.lead, name="Bare", complete=False)
        review = factories.make_review(initiative=bare, by=self.cast.lead, at=self.now)
        self.client.force_login(self.cast.compliance)
        assert len(words_of(self.client.get(review.get_absolute_url()))) <= 250
        threshold(self.initiative, 2_400, self.cast.lead)
        self.sign_in(self.cast.sponsor)
        read = words_of(self.page())
        assert len(read) <= 250, f"{len(read)} words: {' '.join(read)}"

    def test_names_a_few_of_many_open_points(self):
        bare = factories.make_initiative(by=self.cast.lead, name="Bare", complete=False)
        review = factories.make_review(initiative=bare, by=self.cast.lead, at=self.now)
        self.client.force_login(self.cast.compliance)
        said = text_of(self.client.get(review.get_absolute_url()))
        assert "points are open:" in said
        assert "… All stand below." in said

    def test_offers_auditors_nothing_to_ask(self):
        for person, offered in ((factories.make_auditor(), False), (self.cast.lead, True)):
            self.sign_in(person)
            asks = reverse("reviews:ask", args=[self.review.pk])
            assert (asks in self.page().content.decode()) is offered

    def test_shows_others_what_stands_and_nothing_to_sign(self):
        for person in (
            factories.make_person(name="Otto Outsider"),
            self.cast.user,
            factories.make_auditor(),
            self.cast.lead,
        ):
            self.sign_in(person)
            page = self.page()
            assert page.status_code == 200
            assert "You sign as" not in text_of(page)
            assert "/sign/" not in page.content.decode()

    def test_says_whose_signature_is_there_and_whose_is_missing(self):
        factories.sign_waiting(
            review=self.review, by=self.cast.sponsor, at=self.now, comment="Go on."
        )
        self.sign_in(self.cast.business_owner)
        said = text_of(self.page())
        assert "Sponsor signed Sam Sponsor approved" in said
        assert "“Go on.”" in said
        assert "Engineering owner waiting Can sign: Eli Engineer" in said

    def test_strikes_through_what_is_stale_and_says_what_changed(self):
        factories.sign_waiting(review=self.review, by=self.cast.sponsor, at=self.now)
        threshold(self.initiative, 2_400, self.cast.lead)
        self.sign_in(self.cast.sponsor)
        page = self.page()
        said = text_of(page)
        assert "to be signed again" in said
        assert "<del>Sam Sponsor" in page.content.decode()
        assert "Changed since you signed" in said
        assert "45 min → is now 40 min" in said

    def test_says_what_changed_since_it_was_asked_for(self):
        threshold(self.initiative, 2_400, self.cast.lead)
        self.sign_in(self.cast.compliance)
        assert "Changed since the review was asked for" in text_of(self.page())

    def test_says_that_nobody_can_sign(self):
        Person.objects.filter(pk=self.cast.compliance.pk).update(is_active=False)
        self.sign_in(self.cast.lead)
        assert "Legal &amp; compliance nobody active can sign this" in text_of(self.page())

    def test_says_to_whoever_is_barred_from_signing_why(self):
        Initiative.objects.update(evidence_changed_by=self.cast.compliance)
        self.sign_in(self.cast.compliance)
        said = text_of(self.page())
        assert "You do not sign as Legal &amp; compliance: whoever last changed the evid" in said
        self.sign_in(self.cast.lead)
        assert "You do not sign as" not in text_of(self.page())

    def test_shows_the_decider_what_is_missing(self):
        self.sign_in(self.cast.sponsor)
        said = text_of(self.page())
        assert "To advance, this is still missing:" in said
        self.sign_all()
        said = text_of(self.page())
        assert "Everything is there" in said
        assert self.decide_url("proceed") in self.page().content.decode()

    def test_says_to_a_lead_why_the_decision_is_not_theirs(self):
        Initiative.objects.update(evidence_changed_by=self.cast.business_owner)
        self.sign_in(self.cast.lead)
        assert "the sponsor or another lead decides" not in text_of(self.page())
        Initiative.objects.update(evidence_changed_by=self.cast.lead)
        said = text_of(self.page())
        assert "You last changed its evidence; the sponsor or another lead decides." in said

    def test_shows_a_decided_review_as_it_was_decided(self):
        actions.decide(
            initiative=self.initiative,
            kind="send_back",
            reason="The baseline is a guess.",
            by=self.cast.lead,
            at=self.now,
        )
        self.sign_in(self.cast.sponsor)
        said = text_of(self.page())
        assert "Lea Lund decided on" in said
        assert "The baseline is a guess." in said
        assert "You sign as" not in said
        assert self.decide_url("proceed") not in self.page().content.decode()

    def test_never_goes_stale_once_it_is_decided(self):
        self.sign_all()
        self.sign_in(self.cast.sponsor)
        before = text_of(self.page())
        promise = re.search("Reduce .+ aiming for 30 min.", before)
        assert promise
        actions.decide(
            initiative=self.initiative, kind="proceed", reason="Go.", by=self.cast.sponsor,
            at=self.now,
        )  # fmt: skip
        initiatives.edit(
            initiative=self.initiative, by=self.cast.lead, at=self.now, system_name="Reader 2",
        )  # fmt: skip
        actions.answer(
            initiative=self.initiative, criterion="stakeholders", by=self.cast.lead, at=self.now,
            values={"users": self.cast.lead},
        )  # fmt: skip
        said = text_of(self.page())
        assert promise[0] in said
        assert (
            said.count("signed Sam Sponsor approved") == before.count("Sam Sponsor approved") == 1
        )
        for changed in ("to be signed again", "Changed since", "Can sign", self.cast.lead.name):
            assert changed not in said, changed
        assert said.count(": met") == before.count(": met") == 15
        assert html.escape(self.initiative.problem) in said
        assert "Who speaks for the people who will work with it? Uma User" in said

    def test_says_who_had_not_signed_when_it_ended(self):
        actions.decide(
            initiative=self.initiative, kind="send_back", reason="No.", by=self.cast.lead,
            at=self.now,
        )  # fmt: skip
        self.sign_in(self.cast.sponsor)
        said = text_of(self.page())
        assert said.count("not signed") == 4
        assert "Can sign" not in said

    def test_is_invisible_where_the_initiative_is_restricted(self):
        factories.restrict(initiative=self.initiative)
        outsider = factories.make_person(name="Otto Outsider")
        for person, status in {
            outsider: 404,
            factories.make_administrator(): 404,
            factories.make_group_member(group="security"): 404,
            self.cast.sponsor: 200,
            self.cast.compliance: 200,
            factories.make_auditor(): 200,
            self.cast.lead: 200,
        }.items():
            self.sign_in(person)
            assert self.page().status_code == status, person

    def test_asks_to_sign_in_first(self):
        page = self.page()
        assert page.status_code == 302
        assert page["Location"] == (
            f"{reverse(settings.LOGIN_URL)}?next={self.review.get_absolute_url()}"
        )

    def test_is_not_there_for_a_review_that_is_not(self):
        self.sign_in(self.cast.lead)
        assert self.client.get(reverse("reviews:detail", args=[10**9])).status_code == 404

    def test_takes_few_queries_and_writes_nothing(self):
        self.sign_all()
        self.sign_in(self.cast.sponsor)
        with CaptureQueriesContext(connection) as queries:
            self.page()
        sql = [q["sql"] for q in queries.captured_queries]
        assert not [s for s in sql if not s.startswith("SELECT")]
        assert len(sql) <= 13, "\n".join(s[:150] for s in sql)


class TestWhatASignerReads(ReviewPages):
    """A signature covers the answers, so the page shows them, the problem and what it means."""

    def said(self, person: Person) -> str:
        self.sign_in(person)
        return html.unescape(text_of(self.page()))

    def test_is_every_answer(self):
        said = self.said(self.cast.sponsor)
        given = [v for e in self.initiative.evidence.all() for v in e.fields.values() if v]
        rows = [row for value in given if isinstance(value, list) for row in value]
        cells = [cell for row in rows for key, cell in row.items() if key != "day"]
        plain = [v for v in (*cells, *given) if not isinstance(v, list)]
        answers = [f"{v:,}" if isinstance(v, int) else str(v) for v in plain]
        assert len(answers) > 10
        for answer in answers:
            assert " ".join(answer.split()) in said

    def test_is_who_is_named_in_an_answer(self):
        assert self.cast.production_owner.name in self.said(self.cast.sponsor)

    def test_is_the_problem(self):
        assert self.initiative.problem
        assert self.initiative.problem in self.said(self.cast.sponsor)

    def test_is_the_meaning_of_their_own_signature_alone(self):
        said = self.said(self.cast.sponsor)
        assert slot(self.review, "sponsor").meaning in said
        assert slot(self.review, "business_owner").meaning not in said

    def test_is_every_meaning_that_one_signature_fills(self):
        give(self.initiative, "business_owner", self.cast.sponsor, self.now - MINUTE)
        said = self.said(self.cast.sponsor)
        for key in ("sponsor", "business_owner"):
            assert slot(self.review, key).meaning in said
        assert slot(self.review, "engineering_owner").meaning not in said


class TestSign(ReviewPages):
    def test_signs_and_shows_the_receipt(self):
        self.sign_in(self.cast.sponsor)
        answer = self.post(comment="Go on.")
        assert answer.status_code == 302
        assert answer["Location"] == self.review.get_absolute_url()
        assert SignOff.objects.get().comment == "Go on."
        assert re.search(r"You approved this\. Receipt no\. \d+\.", text_of(self.page()))

    def test_rejects_with_a_comment(self):
        self.sign_in(self.cast.sponsor)
        self.post(verdict="reject", comment="Not yet.")
        assert SignOff.objects.get().verdict == "reject"
        assert "You rejected this" in text_of(self.page())

    def test_says_that_a_no_needs_a_comment_at_its_field(self):
        self.sign_in(self.cast.sponsor)
        answer = self.post(verdict="reject")
        assert answer.status_code == 422
        assert "Say why you reject" in text_of(answer)
        assert not SignOff.objects.exists()

    def test_refuses_somebody_elses_slot(self):
        self.sign_in(self.cast.compliance)
        answer = self.post("sponsor")
        assert answer.status_code == 422
        assert "The signature “Sponsor” is not yours to give." in text_of(answer)
        assert not SignOff.objects.exists()

    def test_refuses_to_sign_twice(self):
        self.sign_in(self.cast.sponsor)
        self.post()
        answer = self.post()
        assert answer.status_code == 422
        assert "already signed" in text_of(answer)
        assert SignOff.objects.count() == 1

    def test_of_evidence_that_has_changed_shows_the_difference_and_keeps_what_was_typed(self):
        read = standing(self.review).digest
        threshold(self.initiative, 2_400, self.cast.lead)
        self.sign_in(self.cast.sponsor)
        answer = self.post(digest=read, comment="I thought about it for long.")
        assert answer.status_code == 409
        said = text_of(answer)
        assert "The evidence has changed since you opened this page." in said
        assert "Threshold of Time until a claim is with its handler" in said
        assert "45 min → is now 40 min" in said
        assert "I thought about it for long." in said
        assert not SignOff.objects.exists()
        assert standing(self.review).digest in answer.content.decode()

    def test_signs_what_the_page_about_the_difference_showed(self):
        read = standing(self.review).digest
        threshold(self.initiative, 2_400, self.cast.lead)
        self.sign_in(self.cast.sponsor)
        page = self.post(digest=read).content.decode()
        (digest,) = re.findall(r'name="digest" value="(\w+)"', page)
        assert self.post(digest=digest).status_code == 302
        assert state(self.review, "sponsor").is_filled

    def test_shows_the_difference_to_evidence_nobody_had_noticed(self):
        threshold(self.initiative, 2_500, self.cast.lead)
        read = standing(self.review).digest  # what the page said; reading it stored nothing
        threshold(self.initiative, 2_400, self.cast.lead)
        self.sign_in(self.cast.sponsor)
        answer = self.post(digest=read)
        assert answer.status_code == 409
        assert "is now 40 min" in text_of(answer)

    def test_takes_bad_input_without_falling_over(self):
        self.sign_in(self.cast.sponsor)
        for values in (
            {"verdict": ""},
            {"verdict": "maybe"},
            {"digest": ""},
            {"digest": "a" * 1000},
            {"digest": "a\0b"},
            {"comment": "a\0b"},
            {"comment": MEGABYTE},
        ):
            answer = self.post(**values)
            assert answer.status_code == 422, values
        assert not SignOff.objects.exists()
        assert self.post(digest="f" * 64).status_code == 409
        assert self.post(comment="ÄÖÜ 🙂 \u202e").status_code == 302

    def test_is_invisible_where_the_initiative_is_restricted(self):
        factories.restrict(initiative=self.initiative)
        self.sign_in(factories.make_person(name="Otto Outsider"))
        assert self.post().status_code == 404
        assert self.client.get(self.sign_url()).status_code == 404
        nowhere = reverse("reviews:sign", args=[10**9])
        assert self.client.post(nowhere).status_code == 404

    def test_leads_back_to_the_page_when_it_is_opened(self):
        self.sign_in(self.cast.sponsor)
        answer = self.client.get(self.sign_url())
        assert answer["Location"] == self.review.get_absolute_url()


class TestReauthentication(ReviewPages):
    """The real way: through allauth's pages, with a real password."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.cast.sponsor.set_password(PASSWORD)
        cls.cast.sponsor.save()

    def enter(self) -> None:
        answer = self.client.post(
            reverse("account_login"), {"login": "sam.sponsor@example.com", "password": PASSWORD}
        )
        assert answer.status_code == 302

    def grow_old(self, age: timedelta) -> None:
        session = self.client.session
        for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
            record["at"] -= age.total_seconds()
        session.save()

    def confirm(self, answer: HttpResponse, password: str = PASSWORD) -> Any:
        """Follow to the page that asks for the password, and give it."""
        page = self.client.get(answer["Location"])
        assert page.status_code == 200
        assert "Confirm that it is you" in text_of(page)
        (to,) = re.findall(r'name="next" value="([^"]+)"', page.content.decode())
        return self.client.post(
            reverse("account_reauthenticate"), {"password": password, "next": to}
        )

    def test_is_not_asked_for_right_after_signing_in(self):
        self.enter()
        assert self.post().status_code == 302
        stored = SignOff.objects.get()
        assert stored.authentication_method == "password"
        sign_in = SignIn.objects.get()
        assert abs(stored.authenticated_at - sign_in.signed_in_at) < timedelta(seconds=1)

    def test_is_asked_for_when_the_session_is_stale_and_then_the_signature_goes_on(self):
        self.enter()
        self.grow_old(16 * MINUTE)
        asked = self.post(comment="As typed before the password.")
        assert asked.status_code == 302
        assert asked["Location"].startswith(reverse("account_reauthenticate"))
        assert not SignOff.objects.exists()
        done = self.confirm(asked)
        assert done.status_code == 302
        assert done["Location"] == self.review.get_absolute_url()
        stored = SignOff.objects.get()
        assert stored.comment == "As typed before the password."
        assert stored.signed_at - stored.authenticated_at < MINUTE
        assert "Receipt no." in text_of(self.page())

    def test_does_not_sign_with_a_wrong_password(self):
        self.enter()
        self.grow_old(16 * MINUTE)
        answer = self.confirm(self.post(), password="wrong")
        assert answer.status_code == 200
        assert not SignOff.objects.exists()

    def test_shows_the_difference_when_the_evidence_moved_meanwhile(self):
        self.enter()
        self.grow_old(16 * MINUTE)
        asked = self.post(comment="Typed.")
        threshold(self.initiative, 2_400, self.cast.lead)
        answer = self.confirm(asked)
        assert answer.status_code == 409
        assert "is now 40 min" in text_of(answer)
        assert not SignOff.objects.exists()

    def test_is_asked_for_after_five_minutes_at_the_full_level(self):
        factories.make_triage(initiative=self.initiative, yes=["safety_or_regulated"])
        self.enter()
        self.grow_old(6 * MINUTE)
        asked = self.post()
        assert asked["Location"].startswith(reverse("account_reauthenticate"))
        assert self.confirm(asked).status_code == 302
        assert SignOff.objects.count() == 1

    def test_is_asked_for_in_a_session_that_never_proved_anything(self):
        self.sign_in(self.cast.sponsor, proved=None)
        assert self.post()["Location"].startswith(reverse("account_reauthenticate"))
        assert not SignOff.objects.exists()


class TestRequestReview(ReviewPages):
    def setUp(self):
        self.other = factories.make_initiative(by=self.cast.lead, name="Bare", complete=False)

    def ask(self, initiative: Initiative) -> Any:
        return self.client.post(reverse("reviews:request", args=[initiative.pk]))

    def test_opens_one_and_goes_there(self):
        self.sign_in(self.cast.lead)
        answer = self.ask(self.other)
        review = Review.objects.get(initiative=self.other)
        assert answer["Location"] == review.get_absolute_url()

    def test_says_that_one_is_open(self):
        self.sign_in(self.cast.lead)
        answer = self.ask(self.initiative)
        assert answer["Location"] == self.initiative.get_absolute_url()
        assert "open already" in text_of(self.client.get(answer["Location"]))
        assert Review.objects.count() == 1

    def test_says_who_may(self):
        self.sign_in(factories.make_person(name="Otto Outsider"))
        answer = self.ask(self.other)
        assert "Only portfolio leads" in text_of(self.client.get(answer["Location"]))
        assert not Review.objects.filter(initiative=self.other).exists()

    def test_is_no_page(self):
        self.sign_in(self.cast.lead)
        url = reverse("reviews:request", args=[self.other.pk])
        assert self.client.get(url).status_code == 405

    def test_is_invisible_where_the_initiative_is_restricted(self):
        factories.restrict(initiative=self.other)
        self.sign_in(self.cast.user)
        assert self.ask(self.other).status_code == 404


class TestDecide(ReviewPages):
    def decide(self, kind: str = "proceed", **values: str) -> Any:
        return self.client.post(self.decide_url(kind), {"reason": "It is time."} | values)

    def stage(self) -> str:
        return factories.reloaded(self.initiative).stage

    def test_moves_it_and_says_so(self):
        self.sign_all()
        self.sign_in(self.cast.sponsor)
        assert self.client.get(self.decide_url("proceed")).status_code == 200
        answer = self.decide()
        assert answer["Location"] == self.initiative.get_absolute_url()
        assert self.stage() == Stage.PILOT
        said = text_of(self.client.get(answer["Location"]))
        assert "Decided: proceed. It is on record." in said

    def test_twice_says_that_it_was_decided_already(self):
        self.sign_all()
        self.sign_in(self.cast.sponsor)
        self.decide()
        answer = self.decide(reason="Typed at length.")
        assert answer.status_code == 409
        said = text_of(answer)
        assert "No review is open" in said
        assert "Typed at length." in said
        assert Decision.objects.count() == 1

    def test_after_a_kill_says_that_somebody_may_have_decided(self):
        self.sign_in(self.cast.sponsor)
        words = {"outcome": "priorities", "lesson": "None."}
        assert self.decide("kill", **words).status_code == 302
        answer = self.decide("kill", **words)
        assert answer.status_code == 409
        assert "Somebody may have decided in the meantime." in text_of(answer)
        assert Decision.objects.count() == 1

    def test_lists_all_that_is_missing(self):
        self.sign_in(self.cast.sponsor)
        answer = self.decide()
        assert answer.status_code == 422
        said = text_of(answer)
        assert "The gate stays shut. Not signed: Sponsor. And 4 more." in said
        for line in (
            "Not signed: Business owner.",
            "Not signed: Legal &amp; compliance.",
            "3 different people have to sign; 0 have.",
        ):
            assert line in said
        assert self.stage() == Stage.PROPOSAL

    def test_to_kill_wants_outcome_and_lesson_at_their_fields(self):
        self.sign_in(self.cast.sponsor)
        answer = self.decide("kill", reason="Nobody uses it.", outcome="", lesson="")
        assert answer.status_code == 422
        assert "Say which way it ended." in text_of(answer)
        assert "Nobody uses it." in text_of(answer)
        answer = self.decide("kill", outcome="priorities", lesson="")
        assert "Say what the next team should know." in text_of(answer)
        assert self.decide("kill", outcome="bored", lesson="x").status_code == 422
        assert self.stage() == Stage.PROPOSAL

    def test_does_not_ask_for_an_outcome_where_nothing_ends(self):
        self.sign_in(self.cast.sponsor)
        page = self.client.get(self.decide_url("send_back")).content.decode()
        assert 'name="outcome"' not in page
        assert self.decide("send_back").status_code == 302
        assert not Review.objects.open().exists()

    def test_says_to_others_that_they_may_not(self):
        self.sign_all()
        for person in (self.cast.business_owner, self.cast.user, self.cast.compliance):
            self.sign_in(person)
            page = self.client.get(self.decide_url("proceed"))
            assert "Only the sponsor or a portfolio lead decides." in text_of(page)
            assert self.decide().status_code == 422
        assert self.stage() == Stage.PROPOSAL

    def test_knows_the_decisions_of_the_table_only(self):
        self.sign_in(self.cast.sponsor)
        for kind in ("teleport", "enter", "postpone"):
            assert self.client.get(self.decide_url(kind)).status_code == 404
            assert self.decide(kind).status_code == 404

    def test_takes_bad_input_without_falling_over(self):
        self.sign_in(self.cast.sponsor)
        good = {"outcome": "priorities", "lesson": "None."}
        for values in (
            {"reason": ""},
            {"reason": MEGABYTE},
            {"reason": "a\0b"},
            {"lesson": MEGABYTE},
            {"lesson": "a\0b"},
            {"outcome": "\0"},
        ):
            assert self.decide("kill", **(good | values)).status_code == 422, values
        assert self.stage() == Stage.PROPOSAL

    def test_is_invisible_where_the_initiative_is_restricted(self):
        factories.restrict(initiative=self.initiative)
        self.sign_in(factories.make_person(name="Otto Outsider"))
        assert self.client.get(self.decide_url("kill")).status_code == 404
        assert self.decide("kill").status_code == 404


BAD: dict[str, tuple[str, ...]] = {
    "text": (MEGABYTE, "a\0b"),
    "choice": ("none of these", MEGABYTE, "\0"),
    "yes_no": ("maybe",),
    "number": ("many", "NaN", "Infinity", "1e999999", "1" * 400, "1\0"),
    "money": ("lots", "9" * 39, MEGABYTE, "1\0"),
    "date": ("0000-01-01", "0001-01-01", "1905-01-01", "9999-12-31", "2026-02-30", "\0", MEGABYTE),
    "person": ("999999999", "everybody", "-1", "1\0", "9" * 40),
    "url": ("javascript:alert(1)", "http://[", "a\0b", "https://e.example/" + MEGABYTE),
    "file": ("javascript:alert(1)", "not a link", "a\0b"),
}


def name_of(field: Field) -> str:
    """The input in which a plausible answer is written; of a document that is its link."""
    return f"{field.key}-url" if field.type == "file" else field.key


class TestAnswer(ReviewPages):
    """The forms made from the policy: of all gates, for the level that asks most."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        questions = [q for q in QUESTIONS if q != "bought"]
        cls.bought = factories.make_initiative(by=cls.cast.lead, name="Bought")
        cls.built = factories.make_initiative(by=cls.cast.lead, name="Built")
        factories.make_triage(initiative=cls.built, yes=questions)
        factories.make_triage(initiative=cls.bought, yes=QUESTIONS)
        assert factories.reloaded(cls.built).level == "full"

    def setUp(self):
        self.sign_in(self.cast.lead)

    def url(self, key: str, initiative: Initiative | None = None) -> str:
        return reverse("reviews:answer", args=[(initiative or self.built).pk, key])

    def good(self, field: Field) -> str:
        value = value_of(field, self.cast.user)
        return str(value.pk if isinstance(value, Person) else value)

    def typed(self, field: Field) -> list[tuple[str, str]]:
        """What a browser sends for one field."""
        if field.type != "table":
            return [(name_of(field), self.good(field))]
        (row,) = value_of(field, self.cast.user)
        return [(f"{field.key}-0-{column}", cell) for column, cell in row.items()]

    def bad(self, field: Field, asked: Any) -> list[tuple[str, str]]:
        """Inputs that no field of this type takes; of a table, in each of its cells."""
        if field.type != "table":
            return [(field.key, value) for value in BAD[field.type]]
        columns = [column for column in field.columns if column.key in asked.columns]
        return [(f"{field.key}-0-{c.key}", value) for c in columns for value in BAD[c.type]]

    def criteria(self):
        return [criterion for gate in Gate for criterion in answered(gate)]

    def fields(self, key: str) -> set[str]:
        page = self.client.get(self.url(key))
        return set(re.findall(r'name="(\w+)"', page.content.decode()))

    def test_renders_and_saves_every_criterion_of_every_gate(self):
        assert len(self.criteria()) > 30
        for initiative in (self.built, self.bought):
            for criterion in self.criteria():
                with self.subTest(criterion.key):
                    url = self.url(criterion.key, initiative)
                    page = self.client.get(url)
                    assert page.status_code == 200
                    assert criterion.why in page.context["form"].why
                    asked = set(page.context["form"].fields) - {"not_applicable_because"}
                    given = dict(
                        pair for f in criterion.fields if f.key in asked for pair in self.typed(f)
                    )
                    answer = self.client.post(url, given)
                    assert answer.status_code == 302, text_of(answer)
                    self.assert_stored(initiative, criterion, asked)

    def assert_stored(self, initiative: Initiative, criterion: Any, asked: set[str]) -> None:
        stored = Evidence.objects.get(initiative=initiative, criterion=criterion.key)
        people = {f.key for f in criterion.fields if f.type == "person"}
        assert set(stored.fields) == asked - people
        named = Ownership.objects.open().filter(initiative=initiative)
        for key in people & asked:
            assert named.get(role=f"{criterion.key}.{key}").person == self.cast.user
        again = self.client.get(self.url(criterion.key, initiative))
        assert again.status_code == 200
        for field in criterion.fields:
            if field.key in asked:
                assert again.context["form"][field.key].value() not in (None, ""), field.key

    def test_refuses_bad_input_at_its_field_and_keeps_the_rest(self):
        """Something bad in each field at once: each has to say so itself. Every other field begins
        with its last, for six of a megabyte are more than is read of a page."""
        for criterion in self.criteria():
            url = self.url(criterion.key)
            asked = self.client.get(url).context["form"].fields
            fields = [f for f in criterion.fields if f.key in asked]
            of_each = [self.bad(f, asked[f.key])[:: (1, -1)[n % 2]] for n, f in enumerate(fields)]
            for bad in zip_longest(*of_each):
                sent = {f.key: pair for f, pair in zip(fields, bad, strict=True) if pair}
                with self.subTest(criterion.key, **{k: v[:20] for k, (_, v) in sent.items()}):
                    answer = self.client.post(url, dict(sent.values()))
                    assert answer.status_code == 422
                    assert set(answer.context["form"].errors) == set(sent)
        assert not Evidence.objects.filter(initiative=self.built).exists()

    def test_says_what_to_do_with_a_blank_form(self):
        for criterion in self.criteria():
            answer = self.client.post(self.url(criterion.key), {})
            assert answer.status_code == 422
            assert "Nothing is filled in. Answer at least one question." in text_of(answer)

    def test_saves_half_an_answer(self):
        url = self.url("data_audit")
        typed = {"sources-0-source": "In the archive.", "sources-3-source": "Another."}
        assert self.client.post(url, typed).status_code == 302
        stored = Evidence.objects.get(initiative=self.built, criterion="data_audit")
        sources = [row["source"] for row in stored.fields["sources"]]
        assert sources == ["In the archive.", "Another."]
        assert stored.fields["sources"][0]["owner"] == ""

    def test_shows_the_rows_that_are_there_and_one_more(self):
        self.client.post(self.url("data_audit"), {"sources-0-source": "In the archive."})
        page = self.client.get(self.url("data_audit")).content.decode()
        assert "In the archive." in page
        assert 'name="sources-1-source"' in page
        assert 'name="sources-2-source"' not in page

    def test_says_in_which_row_something_is_wrong_and_keeps_it(self):
        answer = self.client.post(
            self.url("approach_decision"),
            {"tried-0-approach": "Rules", "tried-0-day": "soon", "tried-1-kind": "Magic"},
        )
        assert answer.status_code == 422
        assert "Row 1, When? Write a date like" in text_of(answer)
        assert "Row 2, With AI? Select a valid choice" in text_of(answer)
        assert "Rules" in text_of(answer)

    def test_starts_from_what_was_listed_before(self):
        typed = {"conditions-0-in_pilot": "Twelve volunteers."}
        self.client.post(self.url("pilot_conditions"), typed)
        page = self.client.get(self.url("conditions_ledger")).content.decode()
        assert "Twelve volunteers." in page
        assert 'name="conditions-0-in_production"' in page

    def test_sets_aside_what_does_not_apply_unless_it_has_to_be_answered(self):
        because = {"not_applicable_because": "It stands alone."}
        for criterion in self.criteria():
            answer = self.client.post(self.url(criterion.key), because)
            assert answer.status_code == (422 if criterion.mandatory else 302), criterion.key
        stored = Evidence.objects.get(initiative=self.built, criterion="integration_scope")
        assert stored.not_applicable_because == "It stands alone."

    def test_keeps_what_was_typed(self):
        answer = self.client.post(
            self.url("production_sketch"),
            {"infrastructure": "Typed at length.", "run_cost": "lots"},
        )
        assert answer.status_code == 422
        assert "Typed at length." in text_of(answer)
        assert 'value="lots"' in answer.content.decode()

    def test_keeps_exact_numbers(self):
        self.client.post(self.url("production_sketch"), {"run_cost": "EUR 4,000"})
        stored = Evidence.objects.get(initiative=self.built, criterion="production_sketch")
        assert stored.fields["run_cost"] == 4_000
        assert actions.answering.stored(Decimal("12.500")) == "12.5"

    def test_names_nobody_who_left(self):
        Person.objects.filter(pk=self.cast.user.pk).update(is_active=False)
        answer = self.client.post(self.url("stakeholders"), {"users": str(self.cast.user.pk)})
        assert answer.status_code == 422
        assert "This person is not active here." in text_of(answer)

    def test_is_for_those_who_may_edit(self):
        self.sign_in(self.cast.user)
        answer = self.client.post(self.url("data_audit"), {"sources-0-source": "Mine."})
        assert answer.status_code == 422
        assert "Only portfolio leads" in text_of(answer)
        assert not Evidence.objects.filter(initiative=self.built).exists()

    def test_knows_what_the_policy_asks_only(self):
        for key in ("horoscope", "owners_accepted", "nothing_tripped"):
            assert self.client.get(self.url(key)).status_code == 404
            assert self.client.post(self.url(key), {"x": "y"}).status_code == 404

    def test_sets_aside_what_is_worked_out_and_asks_nothing_else(self):
        url = self.url("evaluation_run")
        page = self.client.get(url)
        assert list(page.context["form"].fields) == ["not_applicable_because"]
        said = text_of(page)
        assert "The evaluation set was run" in said
        assert "Not applicable, because …" in said
        assert "Or: not applicable" not in said
        assert "take it back" not in said
        given = {"not_applicable_because": "It writes poems.", "value": "99 %"}
        assert self.client.post(url, given).status_code == 302
        stored = Evidence.objects.get(initiative=self.built, criterion="evaluation_run")
        assert (stored.fields, stored.not_applicable_because) == ({}, "It writes poems.")

    def test_wants_a_reason_for_setting_aside(self):
        answer = self.client.post(self.url("evaluation_run"), {"not_applicable_because": " "})
        assert answer.status_code == 422
        assert "Nothing is filled in. Say why it does not apply." in text_of(answer)
        assert not Evidence.objects.filter(initiative=self.built).exists()

    def test_takes_back_what_was_set_aside(self):
        url = self.url("evaluation_run")
        self.client.post(url, {"not_applicable_because": "It writes poems."})
        page = text_of(self.client.get(url))
        assert "It writes poems." in page
        assert "Leave it empty to take it back." in page
        assert self.client.post(url, {"not_applicable_because": ""}).status_code == 302
        stored = Evidence.objects.get(initiative=self.built, criterion="evaluation_run")
        assert stored.not_applicable_because == ""

    def test_sets_aside_whatever_is_worked_out_and_not_mandatory(self):
        policy = queries.current_policy()
        computed = [c for g in Gate for c in policy.gates[g].criteria if not c.is_answered]
        firm = {c.key for c in computed if c.mandatory}
        for key in {c.key for c in computed}:
            with self.subTest(key):
                assert self.client.get(self.url(key)).status_code == (404 if key in firm else 200)

    def test_is_invisible_where_the_initiative_is_restricted(self):
        factories.restrict(initiative=self.built)
        self.sign_in(self.cast.user)
        assert self.client.get(self.url("data_audit")).status_code == 404

    def test_makes_signatures_stale(self):
        self.sign_all()
        url = self.url("approach_decision", self.initiative)
        self.client.post(url, {"tried-0-approach": "Another one.", "gap": "None."})
        assert not state(self.review, "sponsor").is_filled
