from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from initiatives import actions, documents
from initiatives.documents import Offered
from initiatives.models import Document, Evidence, Initiative
from initiatives.stages import Stage
from tests.accounts.expectations import last_event, nothing_said, refused
from tests.factories import LONG_AGO, NOON, make_auditor, make_initiative, make_lead, make_person
from tests.initiatives.actions.changes import changes_evidence, leaves_alone, only_touches
from tests.media import MINUTES, KeepsFiles, upload

DIGEST = hashlib.sha256(MINUTES).hexdigest()
LINK = "https://wiki.example.com/minutes"


class Documented(KeepsFiles):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_person()
        cls.bo = make_person(name="Bo Brandt")
        cls.initiative = make_initiative(by=cls.ada)

    def add(self, by=None, at=NOON, initiative=None, **given):
        return actions.add_document(
            initiative=initiative or self.initiative, by=by or self.ada, at=at, **given
        )

    def path(self, initiative=None):
        folder = Path(settings.MEDIA_ROOT) / "documents"
        return folder / str((initiative or self.initiative).pk) / DIGEST


class TestAddFile(Documented):
    def test_stores_it_under_its_digest(self):
        document = self.add(file=upload())
        assert (document.name, document.sha256, document.url) == ("minutes.pdf", DIGEST, "")
        assert (document.size, document.added_at, document.added_by) == (
            len(MINUTES), NOON, self.ada,
        )  # fmt: skip
        assert self.path().read_bytes() == MINUTES
        assert Document.objects.get().file.name == f"documents/{self.initiative.pk}/{DIGEST}"

    def test_changes_no_evidence(self):
        with only_touches(self.initiative):
            self.add(file=upload())

    def test_says_so(self):
        document = self.add(file=upload())
        event = last_event()
        assert (event.kind, event.subject) == ("document.added", f"document:{document.pk}")
        assert (event.initiative_id, event.actor_id) == (self.initiative.pk, self.ada.pk)
        assert event.changed == {"name": "minutes.pdf", "sha256": DIGEST, "size": len(MINUTES)}

    def test_answers_with_the_row_that_is_there_for_the_same_content(self):
        first = self.add(file=upload())
        with nothing_said(), leaves_alone(self.initiative):
            again = self.add(file=upload("other.doc"), name="Other", at=LONG_AGO)
        assert (again.pk, again.name, again.added_at) == (first.pk, "minutes.pdf", NOON)
        assert len(self.kept()) == 1

    def test_keeps_another_initiative_apart(self):
        other = make_initiative(by=self.ada, name="Other")
        first, second = self.add(file=upload()), self.add(file=upload(), initiative=other)
        assert first.pk != second.pk
        assert self.path(other).read_bytes() == MINUTES

    def test_takes_other_content_of_the_same_name_as_another_document(self):
        first, second = self.add(file=upload()), self.add(file=upload(content=b"Other."))
        assert first.name == second.name
        assert first.sha256 != second.sha256

    def test_is_called_as_asked_with_its_own_ending(self):
        for number, (asked, own, called) in enumerate((
            ("Minutes of May", "scan.pdf", "Minutes of May.pdf"),
            ("Minutes.PDF", "scan.pdf", "Minutes.PDF"),
            ("  Minutes \n of\tMay ", "notes", "Minutes of May"),
            ("", "  two  blanks.txt ", "two blanks.txt"),
            ("", "Protokoll Betriebsra\u0308te.pdf", "Protokoll Betriebsräte.pdf"),
            ('„Mai“ / "June"', "a.csv", '„Mai“ / "June".csv'),
        )):  # fmt: skip
            with self.subTest(asked=asked, own=own):
                content = str(number).encode()
                assert self.add(file=upload(own, content), name=asked).name == called

    def test_never_takes_a_folder_from_the_name(self):
        for own in ("../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd"):
            file = upload(content=own.encode())
            file._name = own
            document = self.add(file=file)
            assert "/" not in document.name
            assert "\\" not in document.name
        assert {path.parent for path in self.kept()} == {self.path().parent}

    def test_takes_twenty_megabytes(self):
        document = self.add(file=upload(content=b"0" * documents.MOST_BYTES))
        assert document.size == documents.MOST_BYTES

    def test_refuses_more_and_nothing(self):
        for content in (b"", b"0" * (documents.MOST_BYTES + 1)):
            with refused("unfit_file", field="file"), leaves_alone(self.initiative):
                self.add(file=upload(content=content))
        assert not self.kept()

    def test_refuses_a_name_that_cannot_be_kept_or_shown(self):
        for name in ("a\0b", "x" * 301, "x" * 297, "right\u202eleft", "bell\a", "\ud800"):
            with self.subTest(name=name[:9]), refused("unfit_name", field="name"):
                self.add(file=upload(), name=name)
        assert not Document.objects.exists()
        assert not self.kept(), "a refused name leaves no file"

    def test_replaces_what_a_broken_off_attempt_left(self):
        self.path().parent.mkdir(parents=True, exist_ok=True)
        self.path().write_bytes(MINUTES[:7])
        self.add(file=upload())
        assert self.path().read_bytes() == MINUTES
        assert len(self.kept()) == 1

    def test_uses_what_a_rolled_back_attempt_left(self):
        with transaction.atomic():
            self.add(file=upload())
            transaction.set_rollback(True)
        assert not Document.objects.exists()
        assert self.path().exists()
        self.add(file=upload())
        assert len(self.kept()) == 1

    def test_puts_a_lost_file_back(self):
        first = self.add(file=upload())
        self.path().unlink()
        assert self.add(file=upload()).pk == first.pk
        assert self.path().read_bytes() == MINUTES

    def tearDown(self):
        for path in self.kept():
            path.unlink()


class TestAddLink(Documented):
    def test_keeps_it(self):
        document = self.add(url=LINK, name="Minutes")
        assert (document.url, document.name, document.sha256) == (LINK, "Minutes", "")
        assert (document.size, document.file.name) == (None, "")
        assert last_event().changed == {"name": "Minutes", "url": LINK}
        assert not self.kept()

    def test_is_called_by_its_address_otherwise(self):
        assert self.add(url=LINK + "/").name == "wiki.example.com/minutes"
        assert len(self.add(url="https://e.example/" + "x" * 1_900).name) == 300

    def test_answers_with_the_row_that_is_there_for_the_same_link(self):
        first = self.add(url=LINK)
        with nothing_said():
            assert self.add(url=LINK, name="Again").pk == first.pk
        assert self.add(url=LINK + "2").pk != first.pk

    def test_takes_names_of_the_intranet(self):
        for url in (
            "http://wiki/minutes",
            "https://10.0.0.7:8443/x",
            "https://übung.example/ä?q=(1)",
        ):
            assert self.add(url=url).url == url

    def test_refuses_what_leads_nowhere_or_elsewhere(self):
        for url in (
            "javascript:alert(1)", "data:text/html,x", "ftp://example.com/x", "file:///etc/passwd",
            "//example.com/x", "https://", "http://[", "https://e.example:99999/", "not a link",
            "https://e.example/a b", "https://e.example/\0", "https://e.example/\n", "mailto:a@b.c",
            "https://trusted.example@evil.example/", "https://e.example\\@evil.example/",
            "https://e.example/" + "x" * 2_000, 'https://e.example/"onclick=',
        ):  # fmt: skip
            with self.subTest(url=url[:40]), refused("unfit_link", field="url"):
                self.add(url=url)
        assert not Document.objects.exists()


class TestAddDocument(Documented):
    def test_refuses_nothing_and_both(self):
        with refused("nothing_chosen"):
            self.add()
        with refused("both_chosen", field="url"):
            self.add(file=upload(), url=LINK)

    def test_is_for_those_who_may_edit(self):
        for person in (self.bo, make_auditor()):
            with refused("not_an_editor"), leaves_alone(self.initiative):
                self.add(by=person, file=upload())
        assert not self.kept()
        self.add(by=make_lead(), url=LINK)

    def test_refuses_where_it_is_retired(self):
        Initiative.objects.update(stage=Stage.RETIRED)
        lead = make_lead()
        with refused("retired"):
            self.add(by=lead, url=LINK)

    def test_is_a_file_or_a_link_for_the_database_too(self):
        row = {"initiative": self.initiative, "name": "x", "added_at": NOON}
        for given in ({}, {"url": LINK, "sha256": DIGEST}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Document.objects.create(**row, **given)


class TestCite(Documented):
    """An answer that offers a document adds it and keeps its citation."""

    def answer(self, by=None, **fields):
        return actions.record_evidence(
            initiative=self.initiative, criterion="privacy", fields=fields, people={},
            by=by or self.ada, at=NOON,
        )  # fmt: skip

    def cited(self):
        return Evidence.objects.get().fields["document"]

    def test_adds_a_file_and_cites_it(self):
        with changes_evidence(self.initiative, by=self.ada):
            self.answer(document=Offered(file=upload()))
        document = Document.objects.get()
        assert self.cited() == {
            "document": document.pk, "name": "minutes.pdf", "sha256": DIGEST,
        }  # fmt: skip
        assert last_event().changed["document"] == self.cited()

    def test_adds_a_link_and_cites_it(self):
        self.answer(document=Offered(url=LINK))
        assert self.cited() == {
            "document": Document.objects.get().pk, "name": "wiki.example.com/minutes", "url": LINK,
        }  # fmt: skip

    def test_cites_a_document_that_is_here(self):
        document = self.add(file=upload())
        self.answer(document=Offered(document=document.pk), text="Kept as it is.")
        assert self.cited()["sha256"] == DIGEST
        assert Evidence.objects.get().fields["text"] == "Kept as it is."
        assert Document.objects.count() == 1

    def test_refuses_a_document_of_another_initiative(self):
        other = self.add(url=LINK, initiative=make_initiative(by=self.ada, name="Other"))
        for pk in (other.pk, 10**9):
            with refused("unknown_document", field="document"), leaves_alone(self.initiative):
                self.answer(document=Offered(document=pk))

    def test_says_at_which_question_something_is_wrong(self):
        with refused("unfit_file", field="document"):
            self.answer(document=Offered(file=upload(content=b"")))
        assert not Evidence.objects.exists()

    def test_adds_nothing_for_whoever_may_not_edit(self):
        with refused("not_an_editor"):
            self.answer(by=self.bo, document=Offered(file=upload()))
        assert not Document.objects.exists()


class TestWords:
    def test_of_a_citation_are_exact_enough(self):
        assert documents.in_words({"name": "a.pdf", "sha256": DIGEST}) == "a.pdf"
        assert documents.in_words({"name": "Minutes", "url": LINK}) == f"Minutes ({LINK})"
        assert documents.in_words({"name": "wiki.example.com/minutes", "url": LINK}) == LINK

    def test_of_answers_of_old_are_links_where_they_are_safe(self):
        assert documents.cited(LINK) == documents.Cited(LINK, LINK, is_link=True)
        assert documents.cited("javascript:alert(1)").href == ""
        assert str(documents.cited("In the safe.")) == "In the safe."

    def test_complete_a_link(self):
        for typed, meant in (
            ("example.com/x", "https://example.com/x"), ("wiki/x", "https://wiki/x"),
            ("wiki:8080/x", "https://wiki:8080/x"), ("example.com:80", "https://example.com:80"),
            ("http://wiki/x", "http://wiki/x"), ("javascript:x", "javascript:x"), ("", ""),
        ):  # fmt: skip
            assert documents.completed(typed) == meant
