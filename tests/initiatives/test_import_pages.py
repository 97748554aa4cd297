"""The import in the browser: what each step shows, keeps and refuses, and that it imports once."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.queries import latest
from initiatives import actions, inventories
from initiatives.actions import uploads
from initiatives.importing.folding import key
from initiatives.importing.mapping import Mapping
from initiatives.models import ImportedRow, Initiative, SavedMapping, Upload
from initiatives.tasks import import_waiting
from tests.accounts.expectations import last_event, nothing_said, refused
from tests.factories import csv_of, make_auditor, make_lead, make_parsed, make_person
from tests.initiatives.importing.workbooks import workbook
from tests.initiatives.test_import_command import BAD, GOOD, KEYS, REAL

State = Upload.State
WORDS = [
    {"Use Case Name": "Claims triage", "State": "humming", "Note": "Claims wait.", "PII": "Maybe"},
    {"Use Case Name": "Fraud radar", "State": "Pilot", "Note": "Fraud hides.", "PII": "Yes"},
]
SHEETS = {
    "2025": [["Use Case Name", "Stage"], ["A", "Pilot"], ["B", "Pilot"]],
    "2024": [["Project Name", "Status"], ["Old", "Retired"]],
}


def value_field(name: str, text: str) -> str:
    """The name of the select that says what a value means."""
    return f"value-{name}-{sha256(key(text).encode()).hexdigest()[:16]}"


class ImportPages(TestCase):
    """A lead is signed in; what is uploaded goes into a folder of the class."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.media = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.media)
        cls.enterClassContext(override_settings(MEDIA_ROOT=cls.media))

    @classmethod
    def setUpTestData(cls) -> None:
        cls.lead = make_lead()

    def setUp(self) -> None:
        self.client.force_login(self.lead)

    def send(self, content: Any, name: str = "inventory.csv") -> Any:
        raw = content if isinstance(content, bytes) else csv_of(content)
        file = SimpleUploadedFile(name, raw)
        return self.client.post(reverse("initiatives:import"), {"file": file})

    def uploaded(self, content: Any = GOOD, name: str = "inventory.csv") -> Upload:
        assert self.send(content, name).status_code == 302
        return Upload.objects.latest("pk")

    def files(self) -> list[Path]:
        return sorted(path for path in Path(self.media).rglob("*") if path.is_file())

    def address(self, upload: Upload, step: str = "") -> str:
        address = reverse("initiatives:upload", args=[upload.pk])
        return f"{address}?step={step}" if step else address

    def look(self, upload: Upload, step: str = "") -> Any:
        response = self.client.get(self.address(upload, step))
        assert response.status_code == 200, response.headers
        return response

    def choose(self, upload: Upload, **answers: str) -> Any:
        """Send the columns as the page offers them, these answers apart."""
        form = self.look(upload, "columns").context["form"]
        data = {name: form[name].value() or "" for name in form.fields}
        changed = {name.replace("__", "-"): value for name, value in answers.items()}
        return self.client.post(self.address(upload, "columns"), data | changed)

    def begin(self, upload: Upload, **answers: str) -> Any:
        return self.client.post(self.address(upload, "preview"), answers)

    def stands(self, upload: Upload) -> Upload:
        return Upload.objects.get(pk=upload.pk)

    def import_(self, upload: Upload, **answers: str) -> Upload:
        """Press the button, and let the worker have its turn."""
        assert self.begin(upload, **answers).status_code == 302
        import_waiting()
        return self.stands(upload)


def said(response: Any) -> str:
    return " ".join(response.content.decode().split())


def fault(response: Any, field: str) -> str:
    assert response.status_code == 422, response.status_code
    return " ".join(response.context["form"].errors[field])


@pytest.mark.embedded
class TestWhoMayImport(ImportPages):
    def test_is_a_lead_and_nobody_else(self):
        upload = self.uploaded()
        for other in (make_person(), make_auditor()):
            self.client.force_login(other)
            for address in (reverse("initiatives:import"), self.address(upload, "preview")):
                for answer in (self.client.get(address), self.client.post(address)):
                    assert answer.status_code == 403
                    assert "Only portfolio leads import" in said(answer)
        assert not Initiative.objects.exists()

    def test_asks_visitors_to_sign_in(self):
        upload = self.uploaded()
        self.client.logout()
        for address in (reverse("initiatives:import"), self.address(upload)):
            assert "login" in self.client.get(address).url

    def test_is_refused_by_the_actions_too(self):
        upload, ada = self.uploaded(), make_person()
        now = timezone.now()
        with refused("not_a_lead"):
            uploads.upload(content=b"x", name="x.csv", by=ada, at=now)
        with refused("not_a_lead"):
            uploads.correct(upload=upload, source="x", by=ada, at=now)
        with refused("not_a_lead"):
            uploads.start(upload=upload, skip_rejected=False, by=ada, at=now)
        with refused("not_a_lead"):
            uploads.save_mapping(name="x", mapping=Mapping(), by=ada, at=now)

    def test_decides_who_sees_the_link(self):
        pages = [reverse("initiatives:list"), reverse("portfolio:dashboard")]
        link = f'href="{reverse("initiatives:import")}"'
        assert all(link in said(self.client.get(page)) for page in pages)
        self.client.force_login(make_person())
        assert not any(link in said(self.client.get(page)) for page in pages)


@pytest.mark.embedded
class TestUploading(ImportPages):
    def test_keeps_the_file_and_goes_on_to_what_it_is(self):
        answer = self.send(GOOD, "north 2025.csv")
        upload = Upload.objects.get()
        assert answer.url == self.address(upload, "source")
        assert (upload.name, upload.source) == ("north 2025.csv", "north 2025")
        assert (upload.state, upload.uploaded_by) == (State.UPLOADED, self.lead)
        assert inventories.content_of(upload) == csv_of(GOOD)
        assert last_event().kind == "inventory.uploaded"
        assert last_event().changed["file"] == "north 2025.csv"

    def test_keeps_it_under_a_name_that_says_nothing_in_a_folder_that_is_not_served(self):
        upload = self.uploaded(GOOD, "north.csv")
        path = Path(upload.file.path)
        assert path.is_relative_to(self.media)
        assert "north" not in path.name
        assert self.client.get(f"/media/{upload.file.name}").status_code == 404

    def test_lists_earlier_ones_with_what_came_of_them(self):
        self.import_(self.uploaded(GOOD, "first.csv"))
        self.import_(self.uploaded(BAD, "second.csv"), skip_rejected="on")
        self.uploaded(GOOD, "third.csv")
        page = said(self.client.get(reverse("initiatives:import")))
        assert page.index("third.csv") < page.index("second.csv") < page.index("first.csv")
        assert "3 created</td>" in page
        assert "3 created, 1 skipped</td>" in page

    def test_needs_no_more_queries_for_more_uploads(self):
        self.uploaded()
        with CaptureQueriesContext(
            connection,
        ) as few:
            self.client.get(reverse("initiatives:import"))
        for _ in range(3):
            self.import_(self.uploaded())
        with CaptureQueriesContext(connection) as many:
            self.client.get(reverse("initiatives:import"))
        assert len(many) == len(few)


@pytest.mark.embedded
class TestDiscarding(ImportPages):
    def discard(self, upload: Upload) -> Any:
        address = reverse("initiatives:discard_upload", args=[upload.pk])
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post(address)

    def test_deletes_a_file_that_was_not_imported(self):
        upload = self.uploaded()
        path = Path(upload.file.path)
        assert path.exists()
        assert self.discard(upload).url == reverse("initiatives:import")
        assert not Upload.objects.exists()
        assert not path.exists()
        assert last_event().kind == "inventory.discarded"

    def test_keeps_what_was_imported_or_waits_for_it(self):
        upload = self.uploaded()
        self.begin(upload)
        for _ in range(2):
            assert self.discard(upload).url == self.address(upload)
            assert Path(self.stands(upload).file.path).exists()
            import_waiting()

    def test_is_for_leads(self):
        upload, ada = self.uploaded(), make_person()
        with refused("not_a_lead"):
            uploads.discard(upload=upload, by=ada, at=timezone.now())
        self.client.force_login(make_auditor())
        assert self.discard(upload).status_code == 403

    def test_is_offered_while_it_is_possible(self):
        upload = self.uploaded()
        address = reverse("initiatives:discard_upload", args=[upload.pk])
        assert address in said(self.look(upload, "source"))
        self.import_(upload)
        assert address not in said(self.look(upload))


class TestBadFiles(ImportPages):
    """Each stands at the field with a sentence that says what to do, and nothing is kept."""

    def test_are_refused_at_the_field(self):
        wide = ",".join(f"h{n}" for n in range(400)).encode() + b"\nA\n"
        cases = {
            "empty.csv": (b"", "empty"),
            "blank.csv": (b" \n,,\n", "no filled cells"),
            "header.csv": (b"Use Case Name,Stage\n", "no rows below"),
            "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a picture"),
            "text.xlsx": (b"Use Case Name,Stage\nA,Pilot\n", "not an Excel workbook"),
            "sheet.csv": (workbook(SHEETS), "named like a text table"),
            "broken.xlsx": (b"PK\x03\x04" + b"\0" * 100, "damaged"),
            "wide.csv": (wide, "400 columns; the limit is 300"),
        }
        kept = self.files()
        with nothing_said():
            for name, (content, words) in cases.items():
                assert words in fault(self.send(content, name), "file"), name
        assert not Upload.objects.exists()
        assert self.files() == kept

    def test_are_refused_above_the_limit_without_being_read(self):
        answer = self.send(b"Name\n" + b"x" * 26 * 1024 * 1024, "big.csv")
        assert "26.0 MB; the limit is 25 MB" in fault(answer, "file")

    def test_are_missing(self):
        answer = self.client.post(reverse("initiatives:import"))
        assert "Choose the file" in fault(answer, "file")

    def test_may_hold_nul_bytes_in_cells_which_are_shown_as_rejected(self):
        upload = self.uploaded([{"Use Case Name": "A\0B"}, {"Use Case Name": "C"}])
        page = said(self.look(upload, "preview"))
        assert "A␀B" in page
        assert "1 cell in 1 row could not be understood" in page

    def test_that_are_gone_later_say_so(self):
        upload = self.uploaded()
        Path(upload.file.path).unlink()
        answer = self.client.get(self.address(upload, "source"), follow=True)
        assert "no longer there" in said(answer)


@pytest.mark.embedded
class TestSource(ImportPages):
    def test_is_the_name_by_which_the_next_edition_is_recognised(self):
        upload = self.uploaded()
        answer = self.client.post(self.address(upload, "source"), {"source": "North"})
        assert answer.url == self.address(upload, "columns")
        self.import_(upload)
        assert set(ImportedRow.objects.values_list("source", flat=True)) == {"North"}

    def test_is_needed(self):
        upload = self.uploaded()
        assert fault(self.client.post(self.address(upload, "source"), {}), "source")

    def test_offers_a_sheet_only_where_there_are_several(self):
        assert "sheet" not in self.look(self.uploaded(), "source").context["form"].fields
        several = self.look(self.uploaded(workbook(SHEETS), "w.xlsx"), "source").context["form"]
        assert [name for name, _ in several.fields["sheet"].choices] == ["2025", "2024"]
        assert several["sheet"].value() == "2025"

    def test_reads_the_sheet_that_was_chosen_and_still_offers_the_others(self):
        upload = self.uploaded(workbook(SHEETS), "w.xlsx")
        self.client.post(self.address(upload, "source"), {"source": "w", "sheet": "2024"})
        assert "Project Name" in said(self.look(upload, "columns"))
        offered = self.look(upload, "source").context["form"].fields["sheet"].choices
        assert [name for name, _ in offered] == ["2025", "2024"]
        self.import_(upload)
        assert Initiative.objects.get().name == "Old"

    def test_drops_the_corrections_of_another_sheet(self):
        upload = self.uploaded(workbook(SHEETS), "w.xlsx")
        self.choose(upload, **{"column-stage": ""})
        assert self.stands(upload).mapping["columns"] == {"stage": ""}
        self.client.post(self.address(upload, "source"), {"source": "w", "sheet": "2024"})
        assert self.stands(upload).mapping == {}


@pytest.mark.embedded
class TestColumns(ImportPages):
    def line(self, upload: Upload, name: str) -> Any:
        groups = self.look(upload, "columns").context["form"].groups()
        return next(line for _, lines in groups for line in lines if line.name == name)

    def test_are_guessed_and_shown_with_examples(self):
        line = self.line(self.uploaded(WORDS), "name")
        assert line.field.value() == "0"
        assert line.examples == ["Claims triage", "Fraud radar"]

    def test_show_what_each_value_means_the_unknown_first_and_marked(self):
        upload = self.uploaded(WORDS)
        stage = self.line(upload, "stage")
        assert [(v.text, v.found.reading) for v in stage.values] == [
            ("humming", "proposal"),
            ("Pilot", "pilot"),
        ]
        assert stage.unclear == 1
        assert self.line(upload, "personal_data").unclear == 1
        page = said(self.look(upload, "columns"))
        assert "not one of the known stages" in page
        assert "As read: Pilot" in page

    def test_can_be_corrected_and_so_can_their_values(self):
        upload = self.uploaded(WORDS)
        humming, maybe = value_field("stage", "humming"), value_field("personal_data", "Maybe")
        answer = self.choose(upload, **{"column-problem": "2", humming: "production", maybe: "yes"})
        assert answer.url == self.address(upload, "preview")
        assert self.stands(upload).mapping == {
            "columns": {"problem": "Note"},
            "values": {"stage": {"humming": "production"}, "personal_data": {"Maybe": "yes"}},
        }
        self.import_(upload)
        made = Initiative.objects.get(name="Claims triage")
        assert (made.stage, made.problem) == ("production", "Claims wait.")
        assert made.triage.personal_data is True

    def test_show_the_corrections_and_keep_them_when_sent_again(self):
        upload = self.uploaded(WORDS)
        self.choose(upload, **{value_field("stage", "humming"): "production"})
        mapping = self.stands(upload).mapping
        line = self.line(upload, "stage")
        assert (line.unclear, line.values[0].field.value()) == (0, "production")
        self.choose(upload)
        assert self.stands(upload).mapping == mapping

    def test_can_be_taken_back(self):
        upload = self.uploaded(WORDS)
        humming = value_field("stage", "humming")
        self.choose(upload, **{"column-problem": "2", humming: "production"})
        self.choose(upload, **{"column-problem": "", humming: ""})
        assert self.stands(upload).mapping == {"columns": {}, "values": {}}

    def test_may_be_used_for_two_fields(self):
        upload = self.uploaded(WORDS)
        self.choose(upload, **{"column-problem": "0"})
        self.import_(upload)
        made = Initiative.objects.get(name="Fraud radar")
        assert made.problem == "Fraud radar"

    def test_stay_on_the_page_with_the_values_of_the_new_column(self):
        upload = self.uploaded(WORDS)
        answer = self.choose(upload, **{"column-stage": "2", "next": "columns"})
        assert answer.url == self.address(upload, "columns")
        assert [v.text for v in self.line(upload, "stage").values] == [
            "Claims wait.",
            "Fraud hides.",
        ]

    def test_need_a_name(self):
        answer = self.choose(self.uploaded(), **{"column-name": ""})
        assert "names the initiatives" in fault(answer, "column-name")
        assert "Choose the column that names the initiatives." in said(answer)

    def test_are_refused_when_somebody_chose_another_sheet_meanwhile(self):
        upload = self.uploaded(workbook(SHEETS), "w.xlsx")
        answer = self.choose(upload, sheet="2024")
        assert "another sheet" in fault(answer, "__all__")

    def test_let_dates_that_are_none_be_left_out_or_read_as_suggested(self):
        rows = [
            {"Use Case Name": "A", "Start Date": "soon"},
            {"Use Case Name": "B", "Start Date": "7/16/1905"},
            {"Use Case Name": "C", "Start Date": "2024-05-01"},
        ]
        upload = self.uploaded(rows)
        line = self.line(upload, "started_date")
        assert [v.text for v in line.values] == ["7/16/1905", "soon"]
        soon = value_field("started_date", "soon")
        self.choose(upload, **{"rest-started_date": "suggested", soon: "blank"})
        assert self.stands(upload).mapping["values"] == {
            "started_date": {"7/16/1905": "2024", "soon": ""}
        }
        assert self.import_(upload).result["created"] == 3


@pytest.mark.embedded
class TestSavedMappings(ImportPages):
    def save(self, upload: Upload, **answers: str) -> None:
        self.choose(upload, save_as="Halden", **answers)

    def test_are_kept_under_a_name(self):
        self.save(self.uploaded(WORDS), **{"column-problem": "2"})
        saved = SavedMapping.objects.get()
        assert (saved.name, saved.saved_by) == ("Halden", self.lead)
        assert saved.mapping["columns"] == {"problem": "Note"}
        assert (last_event().kind, last_event().changed["name"]) == ("mapping.saved", "Halden")

    def test_replace_those_of_the_same_name(self):
        upload = self.uploaded(WORDS)
        self.save(upload, **{"column-problem": "2"})
        self.save(upload, **{"column-problem": ""})
        assert SavedMapping.objects.get().mapping["columns"] == {}

    def test_are_chosen_for_the_next_file(self):
        self.save(self.uploaded(WORDS), **{value_field("stage", "humming"): "production"})
        following = self.uploaded([{"Use Case Name": "New", "State": "Humming"}])
        chosen = {"source": "x", "saved": str(SavedMapping.objects.get().pk)}
        self.client.post(self.address(following, "source"), chosen)
        self.import_(following)
        assert Initiative.objects.get().stage == "production"

    def test_keep_what_the_next_file_does_not_use(self):
        self.save(self.uploaded(WORDS), **{value_field("stage", "humming"): "production"})
        following = self.uploaded([{"Use Case Name": "New", "State": "buzzing"}])
        chosen = {"source": "x", "saved": str(SavedMapping.objects.get().pk)}
        self.client.post(self.address(following, "source"), chosen)
        self.save(following, **{value_field("stage", "buzzing"): "pilot"})
        assert SavedMapping.objects.get().mapping["values"]["stage"] == {
            "humming": "production",
            "buzzing": "pilot",
        }

    def test_say_which_columns_this_file_lacks(self):
        self.save(self.uploaded(WORDS), **{"column-problem": "2"})
        following = self.uploaded()
        chosen = {"source": "x", "saved": str(SavedMapping.objects.get().pk)}
        answer = self.client.post(self.address(following, "source"), chosen)
        assert "“Note”" in str(list(get_messages(answer.wsgi_request))[-1])
        assert self.stands(following).mapping["columns"] == {}

    def test_are_not_offered_while_there_are_none(self):
        assert "saved" not in self.look(self.uploaded(), "source").context["form"].fields


@pytest.mark.embedded
class TestPreview(ImportPages):
    def test_says_what_would_happen_and_writes_nothing(self):
        upload = self.uploaded(BAD)
        with nothing_said():
            page = said(self.look(upload, "preview"))
        assert not Initiative.objects.exists()
        assert "Import 3 initiatives" in page
        assert "Skip the 1 row that cannot be understood" in page
        for words in ("Row 5", "Start Date", "<code>soon</code>", "not a date"):
            assert words in page

    def test_shows_the_first_rows_as_they_would_be_read(self):
        sample = self.look(self.uploaded(), "preview").context["sample"]
        assert [(line["values"]["name"], line["stage_label"]) for line in sample] == [
            (f"Use case {n}", "Pilot") for n in range(3)
        ]

    def test_equals_the_import(self):
        actions.import_inventory(
            parsed=make_parsed(rows=GOOD[:1], source="inventory"),
            file_name="f",
            by=None,
            at=timezone.now() - timedelta(days=1),
        )
        changed = [GOOD[0] | {"Vendor": "Acme"}, *GOOD[1:], {"Use Case Name": ""}]
        upload = self.uploaded(changed)
        foreseen = self.look(upload, "preview").context["account"]
        done = self.import_(upload, skip_rejected="on")
        assert inventories.account_of(done.result) == foreseen
        assert (foreseen.created, foreseen.updated) == (2, 1)

    def test_says_the_same_warning_once_with_its_rows(self):
        rows = [{"Use Case Name": f"U{n}", "Stage": "humming"} for n in range(8)]
        context = self.look(self.uploaded(rows), "preview").context
        (remark,) = context["remarks"]
        assert (remark.value, remark.where) == ("humming", "2, 3, 4, 5, 6 and 3 more")
        assert context["account"].warnings == 8

    def test_shows_many_rejected_cells_a_page_at_a_time(self):
        rows = [{"Use Case Name": f"U{n}", "Start Date": "soon"} for n in range(30)]
        page = self.look(self.uploaded(rows), "preview&page=2").context["page"]
        assert (page.number, len(page), page.paginator.count) == (2, 5, 30)

    def test_leads_back_to_the_columns_when_no_name_was_found(self):
        upload = self.uploaded([{"Zahl": "1", "Wert": "2"}])
        answer = self.client.get(self.address(upload, "preview"))
        assert answer.url == self.address(upload, "columns")

    def test_wants_the_rejected_rows_to_be_skipped_knowingly(self):
        upload = self.uploaded(BAD)
        assert "Tick this" in fault(self.begin(upload), "skip_rejected")
        assert self.stands(upload).state == State.UPLOADED


@pytest.mark.embedded
class TestImporting(ImportPages):
    def test_is_done_by_the_worker_and_not_by_the_page(self):
        upload = self.uploaded()
        assert self.begin(upload).url == self.address(upload)
        assert self.stands(upload).state == State.WAITING
        assert not Initiative.objects.exists()
        import_waiting()
        assert self.stands(upload).state == State.DONE
        assert Initiative.objects.count() == 3

    def test_keeps_what_the_command_would_print(self):
        done = self.import_(self.uploaded())
        assert set(done.result) == KEYS
        assert (done.result["created"], done.finished_at is None) == (3, False)

    def test_is_the_act_of_whoever_started_it(self):
        upload, other = self.uploaded(), make_lead(name="Lou Lead")
        self.client.force_login(other)
        self.import_(upload)
        assert latest(kind="inventory.imported", subject="inventory").actor_id == other.pk
        assert Initiative.objects.first().registered_by == other

    def test_leaves_out_rejected_rows_that_are_to_be_skipped(self):
        done = self.import_(self.uploaded(BAD), skip_rejected="on")
        assert (done.state, Initiative.objects.count()) == (State.DONE, 3)
        assert len(done.result["rejected"]) == 1

    def test_is_all_or_nothing_otherwise(self):
        upload = self.uploaded(BAD)
        uploads.start(upload=upload, skip_rejected=False, by=self.lead, at=timezone.now())
        import_waiting()
        failed = self.stands(upload)
        assert (failed.state, Initiative.objects.count()) == (State.FAILED, 0)
        assert failed.problem.startswith("1 row cannot be understood, so nothing was imported.")
        assert failed.problem in said(self.look(upload)).replace("&#x27;", "'")

    def test_can_be_tried_again_after_it_failed(self):
        upload = self.uploaded(BAD)
        uploads.start(upload=upload, skip_rejected=False, by=self.lead, at=timezone.now())
        import_waiting()
        assert self.import_(upload, skip_rejected="on").state == State.DONE

    def test_fails_with_a_sentence_when_the_file_is_gone(self):
        upload = self.uploaded()
        self.begin(upload)
        Path(upload.file.path).unlink()
        import_waiting()
        assert "no longer there" in self.stands(upload).problem

    def test_fails_with_the_refusal_when_the_starter_is_no_lead_any_more(self):
        upload = self.uploaded()
        self.begin(upload)
        self.lead.memberships.all().delete()
        import_waiting()
        assert "Only portfolio leads" in self.stands(upload).problem
        assert not Initiative.objects.exists()

    def test_changes_nothing_when_the_same_file_comes_again(self):
        self.import_(self.uploaded())
        events = Event.objects.filter(kind="inventory.imported").count()
        again = self.import_(self.uploaded())
        assert (again.result["created"], again.result["unchanged"]) == (0, 3)
        assert Event.objects.filter(kind="inventory.imported").count() == events
        assert "Everything was here already" in said(self.look(again))


class TestTwice(ImportPages):
    """However often it is started or claimed, and whoever dies: what is in, is in once."""

    def test_is_refused_while_it_is_under_way(self):
        upload = self.uploaded()
        self.begin(upload)
        with refused("upload_closed"):
            uploads.start(upload=upload, skip_rejected=False, by=self.lead, at=timezone.now())
        answer = self.client.post(self.address(upload, "preview"), follow=True)
        assert "had been started already" in said(answer)
        assert latest(kind=inventories.STARTED, subject=f"upload:{upload.pk}")
        assert Event.objects.filter(kind=inventories.STARTED).count() == 1

    def test_is_refused_once_it_is_done(self):
        upload = self.import_(self.uploaded())
        with refused("upload_closed"):
            uploads.start(upload=upload, skip_rejected=False, by=self.lead, at=timezone.now())
        with refused("upload_closed"):
            uploads.correct(upload=upload, source="x", by=self.lead, at=timezone.now())

    def test_is_claimed_by_one_worker(self):
        upload = self.uploaded()
        self.begin(upload)
        waiting, now = self.stands(upload), timezone.now()
        assert uploads.import_uploaded(upload=waiting, at=now) is True
        assert uploads.import_uploaded(upload=waiting, at=now) is False
        assert Initiative.objects.count() == 3

    def test_is_left_to_the_one_at_it(self):
        upload = self.uploaded()
        self.begin(upload)
        Upload.objects.update(state=State.IMPORTING)
        import_waiting()
        assert not Initiative.objects.exists()

    def test_can_be_started_again_when_a_worker_died_ten_minutes_ago(self):
        upload, now = self.uploaded(), timezone.now()
        before = now - timedelta(minutes=11)
        uploads.start(upload=upload, skip_rejected=False, by=self.lead, at=before)
        Upload.objects.update(state=State.IMPORTING)
        assert "Start again" in said(self.look(upload))
        self.client.post(self.address(upload))
        assert self.stands(upload).state == State.WAITING
        assert "Start again" not in said(self.look(upload))
        import_waiting()
        assert (self.stands(upload).state, Initiative.objects.count()) == (State.DONE, 3)

    def test_leaves_nothing_when_writing_breaks(self):
        upload = self.uploaded()
        self.begin(upload)

        def die(execute, sql, params, many, context):
            if "INSERT INTO" in sql and "importedrow" in sql:
                raise RuntimeError("the disk is full")
            return execute(sql, params, many, context)

        with connection.execute_wrapper(die), self.assertLogs("initiatives", "ERROR"):
            import_waiting()
        failed = self.stands(upload)
        assert (failed.state, Initiative.objects.count()) == (State.FAILED, 0)
        assert "nothing was imported" in failed.problem


@pytest.mark.embedded
class TestOutcome(ImportPages):
    def test_is_asked_for_again_while_it_is_under_way_and_no_longer(self):
        upload = self.uploaded()
        self.begin(upload)
        page = said(self.look(upload))
        assert 'hx-trigger="every' in page
        assert "Waiting to be imported" in page
        import_waiting()
        assert "hx-trigger" not in said(self.look(upload))

    def test_answers_nothing_as_long_as_there_is_no_news(self):
        upload = self.uploaded()
        self.begin(upload)
        again = f"{self.address(upload)}?seen={State.WAITING}"
        assert self.client.get(again).status_code == 204
        import_waiting()
        assert "3 initiatives are in" in said(self.client.get(again))

    def test_leads_to_what_came_in(self):
        upload = self.import_(self.uploaded())
        page = said(self.look(upload))
        link = f"{reverse('initiatives:list')}?show=quiet&amp;sort=-number"
        assert f'href="{link}"' in page
        listed = self.client.get(link.replace("&amp;", "&"))
        assert all(f"Use case {n}" in said(listed) for n in range(3))

    def test_leads_to_initiatives_that_the_file_contradicts(self):
        self.import_(self.uploaded())
        made = Initiative.objects.get(name="Use case 0")
        edition = [GOOD[0] | {"Stage": "In production"}, *GOOD[1:]]
        page = said(self.look(self.import_(self.uploaded(edition))))
        link = f'<a href="{made.get_absolute_url()}">{made.reference}</a>'
        assert f"{link}: it stands in pilot; an import never moves a stage" in page

    def test_asks_no_more_queries_for_more_rows(self):
        few, many = (
            self.import_(self.uploaded([{"Use Case Name": f"{n}.{i}"} for i in range(n)]))
            for n in (2, 40)
        )
        counts = []
        for upload in (few, many):
            with CaptureQueriesContext(connection) as queries:
                self.look(upload)
            counts.append(len(queries))
        assert counts[0] == counts[1]


@pytest.mark.skipif(not REAL.is_dir(), reason="the inventories are not there")
class TestRealInventories(ImportPages):
    """The published inventories, by clicking through with nothing but the guess."""

    def through(self, name: str, rows: int, rejected: int) -> Upload:
        upload = self.uploaded((REAL / name).read_bytes(), name)
        assert self.look(upload, "source").status_code == 200
        assert self.choose(upload).url == self.address(upload, "preview")
        assert self.stands(upload).mapping == {"columns": {}, "values": {}}
        foreseen = self.look(upload, "preview").context["account"]
        assert (foreseen.created, foreseen.rejected_rows) == (rows - rejected, rejected)
        done = self.import_(upload, skip_rejected="on")
        assert inventories.account_of(done.result) == foreseen
        assert Initiative.objects.count() == rows - rejected
        assert self.look(done).status_code == 200
        return done

    def test_bring_in_the_federal_one_of_2023(self):
        self.through("us-federal-2023-inventory.csv", 710, 0)

    def test_bring_in_the_federal_one_of_2024(self):
        self.through("us-federal-2024-inventory.csv", 2133, 98)

    def test_bring_in_the_one_of_homeland_security(self):
        self.through("dhs-2025-inventory.xlsx", 238, 0)

    def test_bring_in_the_one_of_labor(self):
        self.through("dol-2025-inventory.csv", 28, 0)

    def test_bring_in_dates_that_are_corrected_all_at_once(self):
        name = "us-federal-2024-inventory.csv"
        upload = self.uploaded((REAL / name).read_bytes(), name)
        dates = ("started_date", "live_date", "retired_date")
        self.choose(upload, **{f"rest-{date}": "suggested" for date in dates})
        suggested = self.look(upload, "preview").context["account"].rejected_rows
        self.choose(upload, **{f"rest-{date}": "blank" for date in dates})
        left = self.look(upload, "preview").context["account"]
        assert suggested < 98
        assert {cell.column for cell in left.rejected} == {"Use Case Name"}
