"""Import an inventory of AI use cases from a CSV or XLSX file."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.refusals import Refused
from initiatives import actions
from initiatives.actions.importing import Imported
from initiatives.importing import mapping
from initiatives.importing.parsing import read_and_parse
from initiatives.importing.sheets import Unreadable

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Import an inventory (CSV or XLSX). All or nothing: rows that cannot be understood are "
        "listed, and nothing is written unless they are to be skipped. Exits 3 when any was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", help="whose inventory it is (default: the file's name)")
        parser.add_argument("--sheet", help="the sheet of a workbook")
        parser.add_argument("--mapping", type=Path, help="a TOML file that corrects the guess")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")
        parser.add_argument("--skip-rejected", action="store_true", help="import the other rows")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            result = self._import(file, options)
        except (Unreadable, Refused) as problem:
            raise CommandError(str(problem)) from problem
        self._report(result, as_json=options["json"])
        if result.rejected:
            raise SystemExit(3)

    def _import(self, file: Path, options: dict[str, Any]) -> Imported:
        at = timezone.now()
        correction = options["mapping"] and mapping.load(_text(options["mapping"]))
        parsed = read_and_parse(
            _bytes(file),
            file.name,
            default_source=options["source"] or file.stem,
            today=timezone.localdate(at),
            sheet=options["sheet"],
            correction=correction,
        )
        return actions.import_inventory(
            parsed=parsed,
            file_name=file.name,
            by=None,
            at=at,
            skip_rejected=options["skip_rejected"],
            dry_run=options["dry_run"],
        )

    def _report(self, result: Imported, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(result.as_json(), ensure_ascii=False))
            return
        self.stdout.write(
            f"{result.rows} rows: {result.created} created, {result.updated} updated, "
            f"{result.unchanged} unchanged, "
            f"{len({r.row for r in result.rejected})} rejected."
        )
        stages = ", ".join(f"{stage} {count}" for stage, count in result.stages.items())
        self.stdout.write(f"Stages: {stages}.")
        self._list("Rejected", result.rejected)
        self._list("Warnings", result.warnings)
        if not result.written:
            self.stdout.write(_why_nothing_was_written(result))

    def _list(self, title: str, found: list[Any]) -> None:
        if found:
            self.stdout.write(f"{title}:")
        for item in found[:SHOWN]:
            self.stdout.write(f"  row {item.row}, {item.column}: {item.value!r}: {item.reason}")
        if len(found) > SHOWN:
            self.stdout.write(f"  … and {len(found) - SHOWN} more (--json lists all).")


def _why_nothing_was_written(result: Imported) -> str:
    if result.rejected:
        return (
            "Nothing was written. Mend these rows, correct them with --mapping, or import the "
            "others with --skip-rejected."
        )
    return "A dry run: nothing was written."


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error


def _text(file: Path) -> str:
    try:
        return _bytes(file).decode()
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not a text file in UTF-8.") from error
