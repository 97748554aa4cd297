"""Forms of the import: the file, what it is, and how its columns and values are understood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from initiatives import triage
from initiatives.fields import QuickSelect
from initiatives.forms.base import ActionForm
from initiatives.importing import correcting
from initiatives.importing.child import in_child
from initiatives.importing.correcting import MOST_VALUES, FoundValue
from initiatives.importing.folding import key
from initiatives.importing.headings import DATE_FIELDS, FIELDS, TRIAGE_FIELDS
from initiatives.importing.mapping import Mapping
from initiatives.importing.sheets import MAX_BYTES, Unreadable
from initiatives.inventories import Opened
from initiatives.models import SavedMapping
from initiatives.stages import Stage

GROUPS: dict[str, tuple[str, ...]] = {
    "What it is": ("name", "external_id", "source", "unit", "vendor", "system"),
    "Where it stands": ("stage", *DATE_FIELDS),
    "Why": ("problem", "outcome", "users", "scope"),
    "Who answers for it": ("owner_name", "owner_email"),
    "The eight questions": TRIAGE_FIELDS,
}
LABELS: dict[str, str] = {
    "name": "Name",
    "external_id": "ID in the file",
    "source": "Source (agency, company)",
    "unit": "Business unit",
    "vendor": "Vendor",
    "system": "System it runs on",
    "stage": "Stage",
    "started_date": "Started on",
    "live_date": "Live since",
    "retired_date": "Retired on",
    "problem": "Problem",
    "outcome": "Outcome wanted",
    "users": "Users",
    "scope": "Scope",
    "owner_name": "Business owner's name",
    "owner_email": "Business owner's e-mail",
    **triage.QUESTIONS,
}
BLANK, SUGGESTED = "blank", "suggested"
READINGS = {**dict(Stage.choices), "yes": "Yes", "no": "No", "": "no answer"}
ASKED_ABOUT = {"stage", *TRIAGE_FIELDS, *DATE_FIELDS}


class UploadForm(ActionForm):
    button = "Upload"

    file = forms.FileField(
        label="Inventory",
        help_text=f"CSV or XLSX, up to {MAX_BYTES // 1024**2} MB, whatever its columns are called.",
        error_messages={
            "required": "Choose the file with your inventory.",
            "empty": "The file is empty. Choose the file that holds your inventory.",
            "max_length": "The name of the file is too long. Shorten it.",
        },
        max_length=255,
        allow_empty_file=True,  # said by the reader, like everything else about files
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xlsm"}),
    )

    def clean_file(self) -> Any:
        """Read it where it can do no harm; what cannot be read is not kept."""
        file = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            raise ValidationError(
                f"The file has {(file.size or 0) / 1024**2:.1f} MB; the limit is "
                f"{MAX_BYTES // 1024**2} MB. Split it, or save only the inventory's sheet as CSV."
            )
        self.content = file.read()
        try:
            in_child(self.content, file.name or "")
        except Unreadable as trouble:
            raise ValidationError(str(trouble)) from trouble
        return file


class SourceForm(ActionForm):
    """What the file is; a workbook with one usable sheet isn't asked about it."""

    button = "Go on to the columns"

    source = forms.CharField(
        max_length=300,
        label="Whose inventory is it?",
        help_text="The next edition is recognised by this name: keep it the same. A column with "
        "the agency or company goes before it.",
    )
    sheet = forms.ChoiceField(label="Sheet", help_text="Another sheet starts from a new guess.")
    saved = forms.ModelChoiceField(
        SavedMapping.objects.all(),
        required=False,
        label="Saved mapping",
        empty_label="None: guess from the headings",
        help_text="How the columns of such a file were understood before.",
    )

    def __init__(self, *args: Any, opened: Opened, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(opened.names) > 1:
            sheet = self.fields["sheet"]
            assert isinstance(sheet, forms.ChoiceField)
            sheet.choices = [(name, name) for name in opened.names]
        else:
            del self.fields["sheet"]
        if not SavedMapping.objects.exists():
            del self.fields["saved"]


@dataclass(frozen=True)
class ValueLine:
    """A value of the file, and the field that says what it means."""

    found: FoundValue
    field: forms.BoundField
    is_corrected: bool

    @property
    def text(self) -> str:
        return correcting.shortened(self.found.text)


@dataclass(frozen=True)
class Line:
    """One of our fields: the column it is read from, what that holds, what its values mean."""

    name: str
    field: forms.BoundField
    examples: list[str]
    values: list[ValueLine]
    more: int
    rest: forms.BoundField | None

    @property
    def unclear(self) -> int:
        return sum(bool(v.found.doubt) and not v.is_corrected for v in self.values)


class ColumnsForm(forms.Form):
    """For each of our fields its column, and for what is asked about what its values mean."""

    sheet = forms.CharField(required=False, widget=forms.HiddenInput)
    save_as = forms.CharField(
        max_length=200,
        required=False,
        label="Save this mapping as",
        help_text="For the next file of this kind. One of the same name is replaced.",
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, opened: Opened, today: date, **kwargs: Any) -> None:
        kwargs["initial"] = {"sheet": opened.sheet.name}
        super().__init__(*args, **kwargs)
        self.opened = opened
        self._add_columns()
        self._found = dict(self._find(today))
        for name, values in self._found.items():
            self._add_values(name, values)

    # --- what is asked ---

    def _add_columns(self) -> None:
        headers = self.opened.sheet.headers
        choices = [(str(n), correcting.shortened(header)) for n, header in enumerate(headers)]
        stands = self.opened.guessed.corrected(self.opened.corrected).columns
        for name in FIELDS:
            self.fields[f"column-{name}"] = forms.ChoiceField(
                choices=[("", "Not in this file"), *choices],
                required=name == "name",
                label=LABELS[name],
                initial=str(headers.index(stands[name])) if stands.get(name) in headers else "",
                widget=_select(described_by=f"examples-{name}"),
                error_messages={"required": "Choose the column that names the initiatives."},
            )

    def header_of(self, name: str) -> str | None:
        """The column chosen, also where other answers are still wrong."""
        chosen = self[f"column-{name}"].value()
        headers = self.opened.sheet.headers
        known = str(chosen).isdecimal() and len(chosen) < 4 and int(chosen) < len(headers)
        return headers[int(chosen)] if known else None

    def _find(self, today: date) -> Iterator[tuple[str, list[FoundValue]]]:
        for name in FIELDS:
            header = self.header_of(name)
            if name in ASKED_ABOUT and header is not None:
                yield name, correcting.found_values(self.opened.sheet, name, header, today)

    def _add_values(self, name: str, values: list[FoundValue]) -> None:
        stands = self._corrections(name)
        for found in values[:MOST_VALUES]:
            initial = stands.get(key(found.text))
            self.fields[_value_name(name, found)] = forms.ChoiceField(
                choices=_meanings(name, found, initial),
                required=False,
                label=f"{LABELS[name]}: “{correcting.shortened(found.text)}”",
                initial=BLANK if initial == "" else initial,
                widget=_select(),
            )
        if name in DATE_FIELDS and values:
            self.fields[f"rest-{name}"] = forms.ChoiceField(
                choices=_REST, required=False, label="All of these at once", widget=_select()
            )

    def _corrections(self, name: str) -> dict[str, str]:
        corrected = self.opened.corrected.values.get(name, {})
        return {key(theirs): ours for theirs, ours in corrected.items()}

    # --- what was answered ---

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.is_bound and cleaned.get("sheet", "") != self.opened.sheet.name:
            raise ValidationError("Somebody chose another sheet meanwhile. Open this page again.")
        return cleaned

    def mapping(self) -> Mapping:
        """What was corrected: only the differences from the guess."""
        columns = {name: header for name in FIELDS if (header := self.header_of(name))}
        values = {**self.opened.corrected.values}
        for name, found in self._found.items():
            values[name] = dict(self._meant(name, found))
        return correcting.correction(self.opened.guessed, Mapping(columns, values))

    def _meant(self, name: str, values: Sequence[FoundValue]) -> Iterator[tuple[str, str]]:
        """What stands for values that were not asked about stays: the next file may have them."""
        stands = self.opened.corrected.values.get(name, {})
        asked = {key(found.text) for found in values[:MOST_VALUES]}
        kept = {theirs: ours for theirs, ours in stands.items() if key(theirs) not in asked}
        yield from kept.items()
        settled = set(map(key, kept))
        for found in values:
            if key(found.text) not in settled and (chosen := self._chosen(name, found)):
                yield found.text, "" if chosen == BLANK else chosen

    def _chosen(self, name: str, found: FoundValue) -> str:
        rest = self.cleaned_data.get(f"rest-{name}", "")
        otherwise = found.suggestion if rest == SUGGESTED else rest
        return self.cleaned_data.get(_value_name(name, found)) or otherwise

    # --- as the page shows it ---

    def groups(self) -> Iterator[tuple[str, list[Line]]]:
        for title, names in GROUPS.items():
            yield title, [self._line(name) for name in names]

    def _line(self, name: str) -> Line:
        header, found = self.header_of(name), self._found.get(name, [])
        sheet, stands = self.opened.sheet, self._corrections(name)
        return Line(
            name,
            self[f"column-{name}"],
            correcting.examples(sheet, sheet.headers.index(header)) if header else [],
            [
                ValueLine(value, self[_value_name(name, value)], key(value.text) in stands)
                for value in found[:MOST_VALUES]
            ],
            max(0, len(found) - MOST_VALUES),
            self[f"rest-{name}"] if f"rest-{name}" in self.fields else None,
        )

    def examples(self) -> dict[int, list[str]]:
        """Of every column, for the page to show when another one is chosen."""
        sheet = self.opened.sheet
        return {place: correcting.examples(sheet, place) for place in range(len(sheet.headers))}


_REST = (
    ("", "Decide one by one"),
    (SUGGESTED, "Take what is suggested, where something is"),
    (BLANK, "Leave the date empty"),
)


def _select(described_by: str = "") -> QuickSelect:
    attrs = {"class": "form-select"}
    return QuickSelect(attrs | {"aria-describedby": described_by} if described_by else attrs)


def _value_name(name: str, found: FoundValue) -> str:
    """Name the field after the value, so that it stays the same when another column is chosen."""
    return f"value-{name}-{sha256(key(found.text).encode()).hexdigest()[:16]}"


def _meanings(name: str, found: FoundValue, stands: str | None) -> list[tuple[str, str]]:
    if name == "stage":
        offered = list(Stage.choices)
    elif name in TRIAGE_FIELDS:
        offered = [("yes", "Yes"), ("no", "No"), (BLANK, "No answer")]
    else:
        offered = [(BLANK, "Leave the date empty")]
        if found.suggestion:
            offered.insert(0, (found.suggestion, f"{found.suggestion}, as suggested"))
    if stands and stands not in dict(offered):
        offered.append((stands, stands))
    return [("", _as_read(name, found)), *offered]


def _as_read(name: str, found: FoundValue) -> str:
    if name in DATE_FIELDS:
        return "Reject the row"
    return f"As read: {READINGS[found.reading]}"


class StartForm(forms.Form):
    """All or nothing, unless rows are knowingly left out."""

    skip_rejected = forms.BooleanField(
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
        error_messages={
            "required": "Nothing is imported while rows cannot be understood. Tick this to leave "
            "them out, or correct the columns first."
        },
    )

    def __init__(self, *args: Any, rejected: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = "1 row" if rejected == 1 else f"{rejected:,} rows"
        field = self.fields["skip_rejected"]
        field.required = rejected > 0
        field.label = f"Skip the {rows} that cannot be understood"
