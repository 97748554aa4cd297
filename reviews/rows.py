"""A form field with rows: as many as there are things to tell of, each with the same questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

MOST_ROWS = 50
BLANK_ROWS = 1  # offered below those that are filled in; the page's script adds more


class RowsInput(forms.Widget):
    """Rows of inputs named `<field>-<row>-<column>`; works without a script as well."""

    def __init__(self, columns: Mapping[str, forms.Field]) -> None:
        super().__init__()
        self.columns = columns

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        given = value if isinstance(value, list) else []  # not what was once a text
        blank: list[dict[str, Any]] = [{}] * (BLANK_ROWS if given else BLANK_ROWS + 1)
        rows = [self._row(name, n, row) for n, row in enumerate([*given, *blank][:MOST_ROWS])]
        return render_to_string("reviews/_rows.html", {"name": name, "rows": rows})

    def _row(self, name: str, number: int, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        cells = []
        for key, column in self.columns.items():
            cell_id = f"id_{name}-{number}-{key}"
            box = column.widget.render(
                f"{name}-{number}-{key}",
                row.get(key, ""),
                {"id": cell_id, "class": "form-control"},
            )
            cells.append({"id": cell_id, "label": column.label, "input": box})
        return cells

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        """The rows in which anything was typed."""
        rows = []
        for number in range(MOST_ROWS):
            row = {key: str(data.get(f"{name}-{number}-{key}", "")).strip() for key in self.columns}
            if any(row.values()):
                rows.append(row)
        return rows

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str) -> str:
        return ""  # each cell has a label of its own


class Rows(forms.Field):
    """Cleans each cell by its column; what is wrong names row and column."""

    def __init__(self, columns: Mapping[str, forms.Field], **kwargs: Any) -> None:
        super().__init__(widget=RowsInput(columns), **kwargs)
        self.columns = columns

    def clean(self, value: Any) -> list[dict[str, Any]]:
        problems: list[str] = []
        rows = [self._clean_row(n, row, problems) for n, row in enumerate(value or [], start=1)]
        if problems:
            raise ValidationError(problems)
        return rows

    def _clean_row(
        self, number: int, row: Mapping[str, str], problems: list[str]
    ) -> dict[str, Any]:
        cleaned = {}
        for key, column in self.columns.items():
            try:
                cleaned[key] = column.clean(row.get(key, ""))
            except ValidationError as error:
                problems += [f"Row {number}, {column.label} {m}" for m in error.messages]
        return cleaned
