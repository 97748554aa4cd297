"""Folding: how texts and questions are made alike, so that search forgives."""

import re
import unicodedata

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection
from django.db.models import Q

from initiatives.models import Initiative
from initiatives.models.registry import InitiativeQuerySet

_REFERENCE = re.compile(r"(?:ai)?\s*-?\s*0*(\d{1,18})$", re.IGNORECASE)
LONGEST = 20_000
MOST_WORDS = 8
LONGEST_WORD = 100  # of a question; SQLite refuses patterns of 50,000 bytes
VECTOR = SearchVector("search_text", config="simple")  # as the index of migration 0002 has it


def fold(text: str) -> str:
    """Lower case, no accents, words of letters and digits with one space between them."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", bare))


def text_of(initiative: Initiative) -> str:
    """What is found: begins with a space, so that a word's beginning is ` word` on SQLite."""
    unit = initiative.unit.name if initiative.unit else ""
    parts = (
        initiative.name,
        unit,
        initiative.vendor,
        initiative.system_name,
        initiative.problem,
        initiative.outcome,
        initiative.users,
    )
    return f" {fold(' '.join(parts))[:LONGEST]}"


def search(initiatives: InitiativeQuerySet, question: str) -> InitiativeQuerySet:
    """Keep those in which every word of the question begins a word, or whose number it is."""
    words = [word[:LONGEST_WORD] for word in fold(question).split()[:MOST_WORDS]]
    if not words:
        return initiatives if not question.strip() else initiatives.none()
    number = _REFERENCE.match(question.strip())
    by_number = Q(pk=int(number.group(1))) if number else Q(pk__in=())
    if connection.vendor == "postgresql":
        prefixes = " & ".join(f"{word}:*" for word in words)
        query = SearchQuery(prefixes, config="simple", search_type="raw")
        return initiatives.alias(words=VECTOR).filter(Q(words=query) | by_number)
    matching = Q()
    for word in words:
        matching &= Q(search_text__contains=f" {word}")
    return initiatives.filter(matching | by_number)
