"""Folding: how texts and questions are made alike, so that search forgives."""

import re
import unicodedata
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db import connection
from django.db.models import Case, Q, QuerySet, Value, When

from initiatives.models import Initiative
from initiatives.models.registry import InitiativeQuerySet

_REFERENCE = re.compile(r"(?:ai)?\s*-?\s*0*(\d{1,18})$", re.IGNORECASE)
LONGEST = 20_000
MOST_WORDS = 8
MOST_COMPARED = 16  # words of what somebody describes
LEAST_SHARED = 2  # words that make two descriptions alike; of a long one, a quarter
NEAREST = 40  # that the database puts first, to be compared word by word
LONGEST_WORD = 100  # of a question; SQLite refuses patterns of 50,000 bytes
# Words that every description has.
COMMON = frozenset({
    "about", "after", "again", "also", "another", "because", "been", "before", "being",
    "between", "both", "cannot", "could", "does", "done", "down", "during", "each", "even",
    "every", "from", "have", "having", "here", "into", "just", "made", "make", "makes", "many",
    "more", "most", "much", "must", "need", "needs", "only", "other", "over", "people", "same",
    "several", "should", "some", "such", "take", "takes", "than", "that", "their", "them",
    "then", "there", "these", "they", "thing", "this", "those", "through", "today", "under",
    "until", "very", "want", "well", "were", "what", "when", "where", "which", "while", "will",
    "with", "within", "without", "would", "year", "years", "your",
})  # fmt: skip
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
        initiative.ended_because,
        initiative.lesson,
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


def similar(initiatives: InitiativeQuerySet, description: str, most: int) -> list[Initiative]:
    """The first of those that share enough words of weight with a description, the most alike
    first. On PostgreSQL the database ranks them, on SQLite it counts."""
    words = _words_of_weight(description)
    if len(words) < LEAST_SHARED:
        return []
    near = list(_ranked(initiatives, words)[:NEAREST])
    shared = {row.pk: sum(f" {word}" in row.search_text for word in words) for row in near}
    enough = max(LEAST_SHARED, len(words) // 4)
    alike = [row for row in near if shared[row.pk] >= enough]
    return sorted(alike, key=lambda row: -shared[row.pk])[:most]


def _words_of_weight(description: str) -> list[str]:
    """Its longer words, each once and without the s of a plural."""
    words = (word[:LONGEST_WORD] for word in fold(description).split())
    weighty = (w.removesuffix("s") for w in words if len(w) > 3 and w not in COMMON)
    return list(dict.fromkeys(weighty))[:MOST_COMPARED]


def _ranked(initiatives: InitiativeQuerySet, words: list[str]) -> QuerySet[Initiative]:
    if connection.vendor == "postgresql":
        either = " | ".join(f"{word}:*" for word in words)
        query = SearchQuery(either, config="simple", search_type="raw")
        found = initiatives.alias(words=VECTOR).filter(words=query)
        return found.alias(rank=SearchRank(VECTOR, query)).order_by("-rank", "-pk")
    counted = Value(0)
    for word in words:
        has = When(search_text__contains=f" {word}", then=1)
        counted = counted + Case(has, default=0)  # type: ignore[assignment]
    rows: QuerySet[Any] = initiatives.annotate(shared=counted)
    return rows.filter(shared__gte=LEAST_SHARED).order_by("-shared", "-pk")
