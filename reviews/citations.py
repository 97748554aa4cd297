"""Which answers cite a document, with the titles that the policy gives them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from initiatives import documents
from initiatives.models import Document, Evidence, Initiative
from reviews import queries


@dataclass(frozen=True)
class DocumentLine:
    """A document, and the answers that cite it by criterion: its key and title."""

    document: Document
    cited_in: Mapping[str, str]


def of_initiative(initiative: Initiative) -> list[DocumentLine]:
    """Its documents, the newest first, in three queries."""
    rows = Document.objects.filter(initiative=initiative).select_related("added_by")
    citing = _citing(initiative)
    return [DocumentLine(row, citing[row.pk]) for row in rows.order_by("-pk")]


def _citing(initiative: Initiative) -> defaultdict[int, dict[str, str]]:
    titles = queries.titles()
    found: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for answer in Evidence.objects.filter(initiative=initiative):
        for value in answer.fields.values():
            if (pk := documents.cited_id(value)) is not None:
                key = answer.criterion
                found[pk][key] = titles.get(key) or key.replace("_", " ").capitalize()
    return found
