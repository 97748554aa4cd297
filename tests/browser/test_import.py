"""An inventory on its way in, at a browser: from the file to what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Person
from initiatives.actions import uploads
from initiatives.models import Initiative, SavedMapping
from initiatives.tasks import import_waiting
from tests.browser.test_pages import faults
from tests.browser.visitors import Visit, Visitor, let_in
from tests.factories import csv_of, make_lead

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROWS = [
    {"Vorhaben": "Claims triage", "Zustand": "läuft", "Stand": "12", "Anlass": "Claims wait."},
    {"Vorhaben": "Fraud radar", "Zustand": "Pilot", "Stand": "7", "Anlass": "Fraud hides."},
]


@pytest.fixture
def lead(live_server: object) -> Person:
    made = make_lead(at=timezone.now() - timedelta(days=400))
    let_in(made)
    return made


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def walk(visitor: Visitor, lead: Person) -> Iterator[str]:
    """Through every step and state of uploads that have something to say."""
    now = timezone.now()
    content = csv_of([*ROWS, {"Vorhaben": "Intake", "Zustand": "Pilot", "Start Date": "soon"}])
    first, second = (
        uploads.upload(content=content, name="Halden 2026.csv", by=lead, at=now) for _ in range(2)
    )
    visitor.open("initiatives:import")
    yield "import"
    for step in ("source", "columns", "preview"):
        visitor.open("initiatives:upload", first.pk, query=f"?step={step}")
        yield step
    with visitor.expecting(422):
        visitor.press("Import 2 initiatives")
    yield "preview, refused"
    for upload, skip in ((first, True), (second, False)):
        uploads.start(upload=upload, skip_rejected=skip, by=lead, at=now - timedelta(minutes=11))
    visitor.open("initiatives:upload", first.pk)
    yield "stuck"
    import_waiting()
    for upload in (first, second):
        visitor.open("initiatives:upload", upload.pk)
        yield "done" if upload == first else "failed"


class TestEveryStep:
    def test_is_accessible_in_light_and_dark_and_fits_a_phone(self, visit: Visit, lead: Person):
        visitor = visit(reduced_motion="reduce").sign_in(lead)
        found = [f"{at}: {fault}" for at in walk(visitor, lead) for fault in faults(visitor)]
        assert not found


class TestImport:
    def test_leads_a_file_through_its_correction_into_the_list(
        self, visit: Visit, lead: Person, tmp_path: Path
    ):
        visitor = visit().sign_in(lead)
        self.refuse_a_picture(visitor, tmp_path)
        self.upload(visitor, tmp_path)
        self.correct_a_column(visitor)
        self.correct_a_value(visitor)
        self.look_at_the_preview(visitor)
        self.import_and_wait(visitor)
        visitor.follow("See what came in")
        assert visitor.sees("Fraud radar")

    def refuse_a_picture(self, visitor: Visitor, folder: Path) -> None:
        visitor.open("initiatives:list")
        visitor.follow("Import an inventory")
        picture = folder / "chart.csv"
        picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
        visitor.field("Inventory").set_input_files(picture)
        with visitor.expecting(422):
            visitor.press("Upload")
        assert visitor.sees("chart.csv is a picture (PNG), not a table.")

    def upload(self, visitor: Visitor, folder: Path) -> None:
        inventory = folder / "Halden 2026.csv"
        inventory.write_bytes(csv_of(ROWS))
        visitor.field("Inventory").set_input_files(inventory)
        visitor.press("Upload")
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Halden 2026.csv")
        assert visitor.sees("2 rows, 4 columns, headings in row 1")
        expect(visitor.field("Whose inventory is it?")).to_have_value("Halden 2026")
        visitor.fill("Whose inventory is it?", "Halden")
        visitor.press("Go on to the columns")

    def correct_a_column(self, visitor: Visitor) -> None:
        """The examples beneath follow the choice at once, the values with the next reading."""
        stage = visitor.page.get_by_label("Stage", exact=True)
        expect(stage.locator("option:checked")).to_have_text("Stand")
        expect(visitor.page.locator("#examples-stage")).to_have_text("127")
        stage.select_option(label="Zustand")
        expect(visitor.page.locator("#examples-stage")).to_have_text("läuftPilot")
        visitor.choose("Problem", "Anlass")
        visitor.press("Read again and stay here")
        assert visitor.sees("not one of the known stages")

    def correct_a_value(self, visitor: Visitor) -> None:
        visitor.page.get_by_label(re.compile("läuft")).select_option(label="Production")
        visitor.fill("Save this mapping as", "Halden's list")
        visitor.press("Preview")
        assert visitor.sees("The mapping is saved as “Halden's list”.")
        saved = SavedMapping.objects.get()
        assert saved.mapping == {
            "columns": {"problem": "Anlass", "stage": "Zustand"},
            "values": {"stage": {"läuft": "production"}},
        }

    def look_at_the_preview(self, visitor: Visitor) -> None:
        figures = visitor.page.locator(".gh-figure").all_inner_texts()
        assert [" ".join(text.split()) for text in figures] == [
            "2 created", "0 updated", "0 unchanged", "0 rejected",
        ]  # fmt: skip
        assert visitor.sees("The first 2 rows, as they are read")
        assert not Initiative.objects.exists()

    def import_and_wait(self, visitor: Visitor) -> None:
        """The page sees by itself that the worker is done."""
        visitor.press("Import 2 initiatives")
        assert visitor.sees("It is in the queue.")
        import_waiting()
        assert visitor.sees("2 initiatives are in")
        made = Initiative.objects.get(name="Claims triage")
        assert (made.stage, made.problem) == ("production", "Claims wait.")
        visitor.page.wait_for_load_state("networkidle")
