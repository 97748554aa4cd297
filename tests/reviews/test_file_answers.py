"""Questions that are answered by a document: a file, a link, or one that is here already."""

from __future__ import annotations

import re
from typing import Any

from django.urls import reverse

from initiatives import actions as initiatives
from initiatives.models import Document, Evidence
from reviews import actions, citations, queries
from reviews.models import Review
from tests import factories
from tests.accounts.expectations import nothing_said, refused
from tests.factories import NOON
from tests.media import MINUTES, KeepsFiles, upload
from tests.reviews.scenes import judged, standing, state

KEY = "employees_consulted"
LINK = "https://wiki.example.com/minutes"
GIVEN = {"answer": "Works council, 2 May: agreed.", "outcome": "No figures per person."}


class Answered(KeepsFiles):
    """A charter in which employees are affected: it asks for the minutes."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.lead = cls.cast.lead
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast)
        factories.make_triage(initiative=cls.initiative, yes=["affects_employees"], by=cls.lead)

    def setUp(self):
        self.client.force_login(self.lead)

    def add(self, **given: Any) -> Document:
        wanted = {"initiative": self.initiative, "by": self.lead, "at": NOON}
        return initiatives.add_document(**(wanted | given))

    def answer(self, document: Any) -> None:
        actions.answer(
            initiative=self.initiative, criterion=KEY, values=GIVEN | {"document": document},
            by=self.lead, at=NOON,
        )  # fmt: skip

    def answer_as_of_old(self, url: str = LINK) -> None:
        Evidence.objects.create(
            initiative=self.initiative, criterion=KEY, fields=GIVEN | {"document": url},
            recorded_at=NOON,
        )  # fmt: skip

    def stored(self) -> Any:
        return Evidence.objects.get(initiative=self.initiative, criterion=KEY).fields["document"]

    def url(self) -> str:
        return reverse("reviews:answer", args=[self.initiative.pk, KEY])

    def page(self) -> str:
        return self.client.get(self.url()).content.decode()

    def post(self, **given: Any) -> Any:
        return self.client.post(self.url(), GIVEN | given)

    def errors(self, **given: Any) -> list[str]:
        """What is said at the question; what was typed stays."""
        response = self.post(**given)
        assert response.status_code == 422
        assert GIVEN["answer"] in response.content.decode()
        return list(response.context["form"].errors["document"])

    def review(self) -> Review:
        return factories.make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON
        )


class TestForm(Answered):
    def test_takes_a_file(self):
        assert self.post(**{"document-file": upload()}).status_code == 302
        document = Document.objects.get()
        assert self.stored() == {
            "document": document.pk, "name": "minutes.pdf", "sha256": document.sha256,
        }  # fmt: skip

    def test_takes_a_link(self):
        assert self.post(**{"document-url": "wiki.example.com/minutes"}).status_code == 302
        assert self.stored()["url"] == LINK

    def test_takes_a_document_that_is_here(self):
        document = self.add(file=upload())
        assert self.post(document=document.pk).status_code == 302
        assert self.stored()["document"] == document.pk
        assert Document.objects.count() == 1

    def test_posts_files_and_labels_every_input(self):
        self.add(url=LINK)
        page = self.page()
        assert 'enctype="multipart/form-data"' in page
        assert "<legend" in page
        for name in ("document", "document-file", "document-url"):
            assert f'name="{name}" id="id_{name}"' in page
            assert f'<label class="form-label" for="id_{name}"' in page

    def test_shows_what_is_there_to_be_opened(self):
        document = self.add(file=upload(name="<minutes>.pdf"))
        self.post(document=document.pk)
        page = self.page()
        assert reverse("initiatives:document", args=[document.pk]) in page
        assert f'<option value="{document.pk}" selected>&lt;minutes&gt;.pdf</option>' in page

    def test_offers_no_list_where_there_is_nothing_to_choose(self):
        assert not re.search(r'name="document"', self.page())

    def test_puts_a_new_one_in_the_place_of_what_is_there(self):
        document = self.add(file=upload())
        self.post(document=document.pk)
        self.post(document=document.pk, **{"document-url": LINK})
        assert self.stored()["url"] == LINK
        assert Document.objects.count() == 2

    def test_takes_it_out_again(self):
        self.post(document=self.add(file=upload()).pk)
        self.post(document="")
        assert self.stored() is None
        assert Document.objects.count() == 1

    def test_refuses_two_at_once(self):
        here, other = self.add(url=LINK), self.add(url=LINK + "/2")
        self.post(document=here.pk)
        assert self.errors(**{"document-file": upload(), "document-url": LINK}) == [
            "Give a file or a link, not both."
        ]
        assert self.errors(document=other.pk, **{"document-file": upload()}) == [
            "Choose a document that is here, or give a new one, not both."
        ]

    def test_refuses_documents_that_are_not_of_this_initiative(self):
        elsewhere = factories.make_initiative(by=self.lead, name="Elsewhere")
        other = self.add(url=LINK, initiative=elsewhere)
        for chosen in (other.pk, 10**9, "x", "1\0", "-1", LINK, "\N{SUPERSCRIPT TWO}"):
            assert self.errors(document=chosen) == [
                "Choose one of the documents in the list, or give a new one."
            ]
        assert f'value="{other.pk}"' not in self.page()

    def test_refuses_bad_files_and_links(self):
        assert self.errors(**{"document-file": upload(content=b"")}) == [
            "This file is empty. Choose another one."
        ]
        large = upload(content=b"0" * 27_262_976)
        assert "at most 25 MB" in self.errors(**{"document-file": large})[0]
        for url in ("javascript:alert(1)", "not a link", "a\0b", "https://" + "x" * 3_000):
            assert self.errors(**{"document-url": url})
        assert not Document.objects.exists()

    def test_keeps_the_link_and_asks_for_the_file_again(self):
        response = self.post(**{"document-file": upload(), "document-url": "javascript:x"})
        page = response.content.decode()
        assert 'value="javascript:x"' in page
        assert "Choose “minutes.pdf” again" in page

    def test_adds_nothing_for_whoever_may_not_edit(self):
        self.client.force_login(factories.make_person(name="Otto Outsider"))
        response = self.post(**{"document-file": upload()})
        assert response.status_code == 422
        assert "Only portfolio leads" in response.content.decode()
        assert not Document.objects.exists()

    def tearDown(self):
        for path in self.kept():
            path.unlink()


class TestAnswersOfOld(Answered):
    """Before there were documents, a link was the whole answer."""

    def test_are_shown_as_links_and_stay_chosen(self):
        self.answer_as_of_old()
        page = self.page()
        assert f'href="{LINK}" target="_blank" rel="noopener noreferrer"' in page
        assert f'<option value="{LINK}" selected>' in page

    def test_stay_as_they_are_when_saved_again(self):
        self.answer_as_of_old()
        assert self.post(document=LINK).status_code == 302
        assert self.stored() == LINK
        assert not Document.objects.exists()

    def test_give_way_to_a_document(self):
        self.answer_as_of_old()
        self.post(document=LINK, **{"document-file": upload()})
        assert self.stored()["name"] == "minutes.pdf"

    def test_count_as_answered(self):
        self.answer_as_of_old()
        assert judged(self.initiative, KEY).is_met

    def test_lead_nowhere_unless_they_are_links(self):
        self.answer_as_of_old("javascript:alert(1)")
        assert 'href="javascript' not in self.page()
        assert (
            'href="javascript'
            not in self.client.get(self.review().get_absolute_url()).content.decode()
        )


class TestAction(Answered):
    def test_makes_a_document_of_a_link(self):
        self.answer(LINK)
        assert self.stored()["document"] == Document.objects.get(url=LINK).pk

    def test_refuses_what_is_no_link(self):
        with refused("unfit_link", field="document"):
            self.answer("javascript:alert(1)")

    def test_is_complete_with_a_document_and_not_without(self):
        self.answer(None)
        missing = judged(self.initiative, KEY).verdict.reason
        assert missing == "Their answer, or the minutes is missing."
        self.answer(LINK)
        assert judged(self.initiative, KEY).is_met

    def test_is_said_with_the_title_of_the_policy(self):
        self.answer(LINK)
        with nothing_said():
            line = citations.of_initiative(self.initiative)[0]
        assert line.cited_in == {KEY: "Employees' representatives were consulted"}


class TestSigning(Answered):
    def setUp(self):
        super().setUp()
        self.post(**{"document-file": upload()})
        self.opened = self.review()

    def test_shows_the_signer_the_file_to_be_opened(self):
        self.client.force_login(self.cast.sponsor)
        page = self.client.get(self.opened.get_absolute_url()).content.decode()
        link = reverse("initiatives:document", args=[Document.objects.get().pk])
        assert re.search(rf'href="{link}">\s*minutes.pdf', page)
        assert b"".join(self.client.get(link).streaming_content) == MINUTES

    def test_makes_signatures_stale_when_the_file_changes(self):
        factories.sign_waiting(review=self.opened, by=self.cast.sponsor, at=NOON)
        before = standing(self.opened)
        self.post(document=self.stored()["document"])
        assert standing(self.opened).digest == before.digest, "nothing changed"
        assert state(self.opened, "sponsor").is_filled
        self.post(
            document=self.stored()["document"], **{"document-file": upload(content=b"Other.")}
        )
        assert standing(self.opened).digest != before.digest
        assert not state(self.opened, "sponsor").is_filled

    def test_says_that_a_file_of_the_same_name_is_another(self):
        before = self.opened.snapshot.material
        self.post(
            document=self.stored()["document"], **{"document-file": upload(content=b"Other.")}
        )
        now = standing(self.opened)
        assert queries.in_words(before, now.material, now.facts) == [
            ("Employees consulted: document", "minutes.pdf", "minutes.pdf, with other content")
        ]

    def test_says_where_a_new_link_leads(self):
        before = self.opened.snapshot.material
        self.post(document=self.stored()["document"], **{"document-url": LINK})
        now = standing(self.opened)
        assert queries.in_words(before, now.material, now.facts) == [
            ("Employees consulted: document", "minutes.pdf", LINK)
        ]
