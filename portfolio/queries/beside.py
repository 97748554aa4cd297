"""Small lists fetched in the same query as the row they belong to, so that a page asks seldom."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.db.models import Aggregate, JSONField, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone


class _JsonList(Aggregate):
    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **context)


def rows_of_initiative(rows: QuerySet[Any], **columns: str) -> Subquery:
    """Annotate an initiative with these columns of its rows, as a list of dicts in no order.

    None where there are none. Moments come as text: `moment` reads them.
    """
    mine = rows.filter(initiative=OuterRef("pk")).order_by().values("initiative")
    found = mine.annotate(found=_JsonList(JSONObject(**columns))).values("found")
    return Subquery(found, output_field=JSONField())


def moment(text: str) -> datetime:
    """A moment as the database writes it in JSON: with its offset, or in UTC without one."""
    read = datetime.fromisoformat(text)
    return read if timezone.is_aware(read) else read.replace(tzinfo=UTC)


def listed(value: Any) -> list[Any]:
    """A list that a column holds as JSON; within JSON, SQLite writes it as text."""
    found: list[Any] = json.loads(value) if isinstance(value, str) else value
    return found
