from __future__ import annotations

from html import escape
from pathlib import Path

from django.contrib.messages import get_messages
from django.urls import reverse

from initiatives import actions
from initiatives.documents import MOST_BYTES
from initiatives.models import Document, Initiative
from initiatives.stages import Role
from reviews import actions as reviews
from tests.accounts.expectations import last_event, nothing_said
from tests.factories import (
    NOON,
    make_administrator,
    make_auditor,
    make_initiative,
    make_lead,
    make_owner,
    make_person,
    restrict,
)
from tests.initiatives.pages import Pages, faults
from tests.media import MINUTES, KeepsFiles, sent, upload

LINK = "https://wiki.example.com/minutes"


def content_of(response) -> bytes:
    """Read to the end, which closes the file, as a server does."""
    return b"".join(response.streaming_content) if response.streaming else response.content


class DocumentPages(KeepsFiles, Pages):
    def add(self, **given) -> Document:
        return actions.add_document(initiative=self.initiative, by=self.ada, at=NOON, **given)

    def open(self, document: Document):
        return self.get("document", document.pk)

    def page(self):
        return self.get("add_document", self.initiative.pk)

    def send(self, **data):
        return self.post("add_document", self.initiative.pk, **data)


class TestOpenDocument(DocumentPages):
    def test_hands_out_the_file(self):
        response = self.open(self.add(file=upload()))
        assert response.status_code == 200
        assert response.streaming
        assert content_of(response) == MINUTES
        assert response["Content-Length"] == str(len(MINUTES))
        assert response["Content-Disposition"] == 'attachment; filename="minutes.pdf"'
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"] == "no-store"

    def test_names_few_types_and_calls_the_rest_bytes(self):
        for number, (name, told) in enumerate((
            ("a.pdf", "application/pdf"), ("a.PNG", "image/png"), ("a.jpg", "image/jpeg"),
            ("a.jpeg", "image/jpeg"), ("a.txt", "text/plain"), ("a.csv", "text/csv"),
            ("a.html", "application/octet-stream"), ("a.svg", "application/octet-stream"),
            ("a.pdf.exe", "application/octet-stream"), ("pdf", "application/octet-stream"),
        )):  # fmt: skip
            with self.subTest(name):
                response = self.open(self.add(file=upload(name, str(number).encode())))
                assert response["Content-Type"] == told
                assert response["Content-Disposition"].startswith("attachment")
                content_of(response)

    def test_survives_any_name(self):
        for number, (name, header) in enumerate((
            ('Figures "May"', 'attachment; filename="Figures \\"May\\".csv"'),
            ("May/June\\July", 'attachment; filename="May-June-July.csv"'),
            ("a\r\nSet-Cookie: x", 'attachment; filename="a Set-Cookie: x.csv"'),
            ("Übersicht", "attachment; filename*=utf-8''%C3%9Cbersicht.csv"),
        )):  # fmt: skip
            with self.subTest(name):
                document = self.add(file=upload("a.csv", str(number).encode()), name=name)
                response = self.open(document)
                assert response["Content-Disposition"] == header
                content_of(response)

    def test_goes_where_a_link_leads(self):
        response = self.open(self.add(url=LINK))
        assert (response.status_code, response["Location"]) == (302, LINK)

    def test_says_that_a_file_was_lost(self):
        document = self.add(file=upload())
        Path(document.file.path).unlink()
        with self.assertLogs("initiatives.views.documents", "ERROR"):
            response = self.open(document)
        assert response.status_code == 404
        assert "The file is missing" in response.content.decode()
        assert document.sha256 in response.content.decode()

    def test_asks_visitors_to_sign_in(self):
        document = self.add(file=upload())
        self.client.logout()
        assert self.open(document).status_code == 302
        assert reverse("account_login") in self.open(document)["Location"]

    def test_knows_no_other_numbers(self):
        for pk in (0, 10**9, 10**30):
            assert self.get("document", pk).status_code == 404


class TestRestricted(DocumentPages):
    """Documents are as visible as their initiative (product.md §7)."""

    def seen_by(self, person) -> set[int]:
        """How the file, the link and the list answer to somebody."""
        self.client.force_login(person)
        answers = [*(self.open(document) for document in self.documents), self.page()]
        for answer in answers:
            content_of(answer)
        return {answer.status_code for answer in answers}

    def setUp(self):
        super().setUp()
        self.documents = (self.add(file=upload()), self.add(url=LINK))
        restrict(initiative=self.initiative)

    def test_are_not_there_for_outsiders(self):
        for person in (self.bo, make_administrator()):
            assert self.seen_by(person) == {404}
            with nothing_said():
                assert self.send(url=LINK + "/other").status_code == 404

    def test_are_there_for_leads_auditors_and_whoever_holds_a_role(self):
        make_owner(initiative=self.initiative, role=Role.SPONSOR, person=self.bo)
        for person in (self.bo, self.lead, make_auditor()):
            assert self.seen_by(person) == {200, 302}


class TestDocuments(DocumentPages):
    def test_says_what_is_there(self):
        self.add(file=upload(content=b"0" * 1_300_000))
        self.add(url=LINK, name="<b>Minutes</b>")
        said = self.page().content.decode()
        for words in (
            "minutes.pdf",
            "file, 1.2",
            "link",
            "2 Mar 2026 by Ada Berg",
            "no answer yet",
        ):
            assert words in said
        assert escape("<b>Minutes</b>") in said
        assert f'href="{LINK}" target="_blank" rel="noopener noreferrer"' in said

    def test_says_which_answers_cite_it(self):
        document = self.add(url=LINK)
        actions.record_evidence(
            initiative=self.initiative, criterion="of_an_older_policy", people={}, by=self.ada,
            fields={"what": {"document": document.pk, "name": "x", "url": LINK}}, at=NOON,
        )  # fmt: skip
        reviews.answer(
            initiative=self.initiative, criterion="data_audit", values={"sources": LINK},
            by=self.ada, at=NOON,
        )  # fmt: skip
        line = self.page().context["lines"][0]
        assert line.cited_in == {"of_an_older_policy": "Of an older policy"}

    def test_says_what_to_do_where_nothing_is(self):
        assert "No documents yet" in self.page().content.decode()

    def test_offers_adding_to_those_who_may(self):
        for person, offered in ((self.ada, True), (make_lead(name="Lu"), True), (self.bo, False)):
            self.client.force_login(person)
            assert ("Add a document" in self.page().content.decode()) is offered, person
        self.retire()
        self.client.force_login(self.lead)
        assert "Add a document" not in self.page().content.decode()

    def test_is_linked_from_the_initiative(self):
        page = self.client.get(self.initiative.get_absolute_url())
        assert self.address("add_document", self.initiative.pk) in page.content.decode()

    def test_needs_no_more_queries_for_more_documents(self):
        self.add(url=LINK)
        self.page()
        with self.assertNumQueries(7):
            self.page()
        for number in range(20):
            self.add(url=f"{LINK}/{number}")
        with self.assertNumQueries(7):
            self.page()


class TestAddDocument(DocumentPages):
    def said(self, response) -> list[str]:
        return [message.message for message in get_messages(response.wsgi_request)]

    def test_adds_a_file(self):
        response = self.send(file=upload(), name="Minutes of May")
        assert (response.status_code, response["Location"]) == (
            302, self.address("add_document", self.initiative.pk),
        )  # fmt: skip
        assert self.said(response) == ["“Minutes of May.pdf” is added."]
        assert last_event().kind == "document.added"

    def test_adds_a_large_file(self):
        content = b"0" * (MOST_BYTES - 1)
        assert self.send(file=upload(content=content)).status_code == 302
        stored = Document.objects.get()
        assert (stored.size, self.kept()[0].stat().st_size) == (len(content), len(content))

    def test_adds_a_link_without_its_scheme(self):
        assert self.send(url=" wiki.example.com/minutes ").status_code == 302
        assert Document.objects.get().url == LINK

    def test_tells_it_in_the_history_by_its_whole_name(self):
        self.send(file=upload("minutes_may.pdf"))
        page = self.get("history", self.initiative.pk).content.decode()
        assert "Ada Berg added the document “minutes_may.pdf”" in page

    def test_says_what_is_here_already(self):
        self.send(url=LINK, name="Minutes")
        response = self.send(url=LINK, name="Other")
        assert self.said(response)[-1] == "“Minutes” is here already; nothing was added."

    def test_wants_one_of_the_two(self):
        assert faults(self.send(name="Typed")) == {"": ["Choose a file, or give a link."]}
        assert faults(self.send(file=upload(), url=LINK)) == {
            "url": ["Give a file or a link, not both."]
        }

    def test_refuses_bad_files_at_the_field(self):
        assert faults(self.send(file=upload(content=b""))) == {
            "file": ["This file is empty. Choose another one."]
        }
        found = faults(self.send(file=upload(content=b"0" * 27_262_976)))
        assert found["file"][0].startswith("This file has 26.0\xa0MB; at most 25 MB are kept here.")
        assert not Document.objects.exists()

    def test_refuses_bad_links_at_the_field(self):
        for url in (
            "javascript:alert(1)",
            "not a link",
            "a\0b",
            "https://e.example/" + "x" * 10**6,
        ):
            assert list(faults(self.send(url=url))) == ["url"], url[:20]

    def test_refuses_bad_names_at_the_field(self):
        for name in ("a\0b", "x" * 301, "right\u202eleft"):
            assert list(faults(self.send(url=LINK, name=name))) == ["name"], name[:9]
        assert not Document.objects.exists()

    def test_keeps_what_was_typed_and_asks_for_the_file_again(self):
        page = self.send(file=upload(), url="javascript:alert(1)", name="Typed").content.decode()
        assert 'value="javascript:alert(1)"' in page
        assert 'value="Typed"' in page
        assert "Choose “minutes.pdf” again" in page
        page = self.send(file=upload(content=b""), name="Typed").content.decode()
        assert "again: browsers" not in page

    def test_takes_files_with_any_name(self):
        for number, (name, called) in enumerate((
            ("../../etc/passwd", "passwd"), ("..\\boot.ini", "boot.ini"), ("a\0b.pdf", "ab.pdf"),
            ("x" * 300 + ".pdf", "x" * 251 + ".pdf"), ("It's <b>.pdf", "It's <b>.pdf"),
        )):  # fmt: skip
            with self.subTest(name[:12]):
                assert self.send(file=sent(name, str(number).encode())).status_code == 302
                assert Document.objects.latest("pk").name == called
        assert self.page().status_code == 200

    def test_takes_a_large_file_with_a_long_ending(self):
        content = b"0" * 3_000_000
        assert self.send(file=sent("x." + "y" * 300, content)).status_code == 302

    def test_refuses_those_who_may_not_edit(self):
        self.client.force_login(self.bo)
        response = self.send(file=upload())
        assert "Only portfolio leads" in faults(response)[""][0]
        assert last_event().kind == "document.add_refused"
        assert not self.kept()

    def test_knows_initiatives_only(self):
        assert self.get("add_document", 10**9).status_code == 404
        assert Initiative.objects.count() == 1

    def test_shows_one_initiative_nothing_of_another(self):
        other = make_initiative(by=make_person(name="Otto"), name="Other")
        actions.add_document(initiative=other, by=self.lead, at=NOON, url=LINK, name="Elsewhere")
        assert "Elsewhere" not in self.page().content.decode()

    def tearDown(self):
        for path in self.kept():
            path.unlink()
