"""The pages of the policy: who reads, who changes, and what is said to whom."""

from __future__ import annotations

import html
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from initiatives.stages import Stage
from reviews import actions, policy, queries
from reviews.models import PolicyDraft, PolicyVersion
from tests import factories
from tests.reviews.scenes import publish_policy
from tests.reviews.test_drafting import Drafting, stricter

TEXT = policy.default_text()
GET_BY_LEADS = ("edit_text",)
GET_OF_DRAFT = ("draft", "read_draft", "draft_text", "dry_run", "dry_run_reviews")


class Pages(Drafting):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.now = timezone.now()

    def get(self, name, *args, by, query="", status=200):
        self.client.force_login(by)
        response = self.client.get(reverse(f"policy:{name}", args=args) + query)
        assert response.status_code == status, (name, response.status_code)
        return html.unescape(response.content.decode())

    def post(self, name, by, status=302, **data):
        self.client.force_login(by)
        response = self.client.post(reverse(f"policy:{name}"), data)
        assert response.status_code == status, (name, response.status_code)
        return html.unescape(response.content.decode())

    def begun(self, text=None):
        draft = actions.start_draft(by=self.ada, at=self.now)
        if text is None:
            return draft
        return actions.save_draft(draft=draft, revision=1, text=text, by=self.ada, at=self.now)


class TestReading(Pages):
    def test_is_for_everybody_signed_in(self):
        for person in (self.member, self.auditor, self.ada, factories.make_administrator()):
            page = self.get("current", by=person)
            assert "Default policy, version 1" in page
            assert "standard and full" in page
            assert "Came with Gatehouse." in page
        self.client.logout()
        assert self.client.get(reverse("policy:current")).status_code == 302

    def test_says_what_each_gate_asks_and_who_signs(self):
        page = self.get("current", by=self.member)
        read = queries.current_policy()
        for gate in read.gates.values():
            for criterion in gate.criteria:
                assert criterion.title in page
                assert criterion.why in page
                assert all(field.label in page for field in criterion.fields)
            assert all(slot.meaning in page for slot in gate.slots)
        assert "where it lets confidential data leave the organisation" in page

    def test_shows_earlier_versions_and_who_published_the_later_ones(self):
        self.publish(self.begun(stricter(TEXT)), at=self.now)
        assert "Drafted by Ada Lead, published by Ben Lead." in self.get("current", by=self.member)
        page = self.get("version", 1, by=self.member)
        assert "Not in force any more; version 2 is" in page
        assert "Pilots took too long." in page
        self.get("version", 3, by=self.member, status=404)

    def test_gives_the_text_as_it_was_published(self):
        self.client.force_login(self.member)
        response = self.client.get(reverse("policy:text", args=[1]))
        assert response.content.decode() == TEXT
        assert response["Content-Disposition"] == 'attachment; filename="policy-1.toml"'
        assert response["Content-Type"].startswith("application/toml")

    def test_says_what_is_different(self):
        self.publish(self.begun(stricter(TEXT)), at=self.now)
        page = self.get("difference", 1, 2, by=self.member)
        assert "The works council was heard" in page
        assert "<del>42 days</del>" in page
        assert "<ins>30 days</ins>" in page
        again = self.get("differences", by=self.member, query="?before=2&after=2")
        assert "Both ask the same." in again
        self.get("difference", 1, 9, by=self.member, status=404)
        self.get("differences", by=self.member, query="?before=x", status=404)

    def test_shows_a_draft_to_leads_and_auditors_alone(self):
        self.begun()
        for person in (self.ada, self.auditor):
            assert "Open the draft" in self.get("current", by=person)
        assert "draft" not in self.get("current", by=self.member).split("<main")[1].lower()

    def test_takes_few_queries(self):
        self.get("current", by=self.member)
        with CaptureQueriesContext(connection) as made:
            self.get("current", by=self.member)
        few = len(made)
        for number in range(4):
            publish_policy(
                lambda text, n=number: text.replace("lapse_days = 14", f"lapse_days = {n + 1}")
            )
        self.get("current", by=self.member)
        with CaptureQueriesContext(connection) as made:
            self.get("current", by=self.member)
        assert len(made) == few


class TestPermissions(Pages):
    def test_let_leads_change_and_auditors_read(self):
        self.begun(stricter(TEXT))
        for name in (*GET_OF_DRAFT, *GET_BY_LEADS):
            self.get(name, by=self.ada)
            self.get(name, by=self.member, status=403)
            self.get(name, by=self.auditor, status=403 if name in GET_BY_LEADS else 200)
        assert "Import a TOML file" not in self.get("draft", by=self.auditor)
        assert "Begin a draft" not in self.get("current", by=self.auditor)

    def test_keep_what_the_dry_run_found_from_whoever_sends_its_form(self):
        """Going on with it is a POST, and no act that would refuse them."""
        self.begun(stricter(TEXT))
        self.post("dry_run", self.member, 403)
        self.post("dry_run", self.auditor, 200)

    def test_refuse_and_record_what_others_send(self):
        for person in (self.member, self.auditor):
            self.post("start", person)
        assert not PolicyDraft.objects.exists()
        draft = self.begun(stricter(TEXT))
        for person in (self.member, self.auditor):
            self.post("edit_text", person, 403, revision=2, text="x = 1")
            self.post("publish", person, 403, revision=2, reason="Because.")
            self.post("discard", person, 403, revision=2)
            self.post("discard", person, 403)
        draft.refresh_from_db()
        assert (draft.state, draft.revision) == ("open", 2)
        refused = Event.objects.filter(kind__startswith="policy.", kind__endswith="_refused")
        assert refused.count() == 8

    def test_lead_to_the_policy_while_there_is_no_draft(self):
        for name in (*GET_OF_DRAFT, *GET_BY_LEADS):
            self.get(name, by=self.ada, status=302)
        self.post("publish", self.ada, revision=1, reason="Because.")


class TestDraftPages(Pages):
    def test_begin_save_and_publish(self):
        self.post("start", self.ada)
        self.post("start", self.ben)
        assert PolicyDraft.objects.count() == 1
        self.post("edit_text", self.ada, revision=1, text=stricter(TEXT), notes="Shorter.")
        page = self.get("draft", by=self.ben)
        assert "Nothing is wrong with it" in page
        assert "<ins>30 days</ins>" in page
        self.post("publish", self.ben, revision=2, reason="Pilots took too long.")
        assert PolicyVersion.objects.latest("version").text == stricter(TEXT)

    def test_list_every_problem_and_lose_nothing(self):
        self.begun()
        text = TEXT.replace("pilot_days = 42", "pilot_days = 0").replace("quorum", "quorum")
        text = text.replace('group = "finance"', 'group = "treasury"')
        self.post("edit_text", self.ada, revision=1, text=text, notes="")
        page = self.get("edit_text", by=self.ada)
        assert "3 things are wrong with it" in page
        assert "Charter gate, slot finance: the group 'treasury' is unknown." in page
        assert text in page
        refused = self.get("draft", by=self.ben)
        assert "What is wrong with it has to be mended first." in refused
        self.get("dry_run", by=self.ada, status=302)
        self.get("read_draft", by=self.ada, status=302)

    def test_list_what_is_no_toml_at_all(self):
        self.begun()
        self.post("edit_text", self.ada, revision=1, text="name = 'half", notes="")
        assert "The policy can't be read as TOML" in self.get("draft", by=self.ada)

    def test_keep_what_was_typed_when_somebody_else_was_faster(self):
        self.begun(stricter(TEXT))
        typed = stricter(TEXT) + "\n# mine\n"
        page = self.post("edit_text", self.ben, 409, revision=1, text=typed, notes="")
        assert "Ada Lead has changed this draft since you opened it." in page
        assert "# mine" in page
        assert 'name="revision" value="2"' in page
        self.post("edit_text", self.ben, revision=2, text=typed, notes="")
        assert PolicyDraft.objects.get().text == typed

    def test_import_a_file(self):
        self.begun()
        file = SimpleUploadedFile("ours.toml", b"\xef\xbb\xbf" + stricter(TEXT).encode())
        self.post("import", self.ben, revision=1, file=file)
        assert PolicyDraft.objects.get().text == stricter(TEXT)
        again = SimpleUploadedFile("ours.xlsx", b"PK\x03\x04\xff\xfe")
        page = self.post("import", self.ben, 422, revision=2, file=again)
        assert "This is not UTF-8 text: byte 5 cannot be read." in page
        nul = SimpleUploadedFile("ours.toml", b"a\0b")
        assert "NUL character" in self.post("import", self.ben, 422, revision=2, file=nul)
        assert PolicyDraft.objects.get().text == stricter(TEXT)

    def test_tell_the_last_editor_that_a_second_lead_publishes(self):
        self.begun(stricter(TEXT))
        assert "A second portfolio lead has to read and publish it." in self.get(
            "draft", by=self.ada
        )
        page = self.post("publish", self.ada, 422, revision=2, reason="Mine.")
        assert "You changed this draft last." in page
        assert PolicyVersion.objects.count() == 1

    def test_ask_for_a_reason(self):
        self.begun(stricter(TEXT))
        page = self.post("publish", self.ben, 422, revision=2, reason="")
        assert "Say why this policy is to be in force." in page

    def test_refuse_to_publish_what_was_not_read(self):
        self.begun(stricter(TEXT))
        self.post("publish", self.ben, 409, revision=1, reason="Because.")

    def test_discard(self):
        self.begun()
        self.post("discard", self.ben, revision=1)
        assert PolicyDraft.objects.get().state == "discarded"

    def test_give_the_draft_as_a_file(self):
        self.begun("# half\n")
        assert self.get("draft_text", by=self.auditor) == "# half\n"


class TestDryRunPages(Pages):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.cast = factories.make_cast(at=cls.now - timedelta(days=400))
        cls.ready = factories.make_ready_for_charter(cast=cls.cast, at=cls.now - timedelta(days=20))
        cls().begun(stricter(TEXT))

    def test_show_figures_and_the_lists_behind_them(self):
        page = self.get("dry_run", by=self.ada)
        assert "All 1 living initiatives are covered" in page
        assert "The works council was heard" in page
        assert reverse("policy:dry_run_list", args=["charter.works_council"]) in page
        listed = self.get("dry_run_list", "charter.works_council", by=self.ada)
        assert self.ready.name in listed
        assert "The works council was heard: <span" in listed
        assert self.ready.name in self.get("dry_run_list", "blocked", by=self.ada)
        assert "Under this draft no initiative" in self.get("dry_run_list", "freed", by=self.ada)
        for nonsense in ("charter.nothing", "nowhere.at_all", "what"):
            self.get("dry_run_list", nonsense, by=self.ada, status=404)

    def test_show_what_has_more_to_catch_up_on(self):
        assert "would owe what it owes now" in self.get("dry_run", by=self.ada)
        long_ago = self.now - timedelta(days=30)
        row = factories.make_declared(by=self.cast.lead, stage=Stage.PRODUCTION, at=long_ago)
        address = reverse("policy:dry_run_list", args=["owes-more"])
        assert address in self.get("dry_run", by=self.ada)
        listed = self.get("dry_run_list", "owes-more", by=self.ada)
        assert "More to catch up on" in listed
        assert row.name in listed
        assert "The works council was heard: <span" in listed
        assert row.name not in self.get("dry_run_list", "owes-less", by=self.ada)

    def test_show_open_reviews(self):
        assert "No review is open" in self.get("dry_run_reviews", by=self.ada)
        factories.make_review(initiative=self.ready, by=self.cast.business_owner, at=self.now)
        page = self.get("dry_run_reviews", by=self.ada)
        assert "keeps policy version 1" in page
        assert "The works council was heard" in page

    def test_go_on_from_a_signed_form_alone(self):
        page = self.post("dry_run", self.ada, 200, so_far="forged")
        assert "All 1 living initiatives are covered" in page

    def test_leave_answers_readable_that_are_asked_for_no_longer(self):
        begin = TEXT.index('[[gates.charter.criteria]]\nkey = "pilot_conditions"')
        end = TEXT.index('[[gates.charter.criteria]]\nkey = "stakeholders"')
        text = TEXT[:begin] + TEXT[end:]
        PolicyVersion.objects.create(
            version=2,
            text=text.replace('  starts_from = "pilot_conditions.conditions"\n', ""),
            published_at=self.now,
        )
        self.client.force_login(self.ada)
        tab = reverse("initiatives:tab", args=[self.ready.pk, "evidence"])
        page = self.client.get(tab).content.decode()
        assert "No longer asked" in page
        assert "The pilot&#x27;s conditions are written down" in page

    def test_say_so_on_the_page_of_an_open_review(self):
        review = factories.make_review(
            initiative=self.ready, by=self.cast.business_owner, at=self.now
        )
        self.client.force_login(self.cast.sponsor)
        before = self.client.get(review.get_absolute_url()).content.decode()
        assert "This review goes by" not in before
        draft = PolicyDraft.objects.get()
        self.publish(draft, at=self.now)
        after = self.client.get(review.get_absolute_url()).content.decode()
        assert "This review goes by" in after
        assert reverse("policy:difference", args=[1, 2]) in after
        page = self.client.get(self.ready.get_absolute_url()).content.decode()
        assert "It goes by policy version 1; version 2 is in force." in page
        assert "works council" not in page
