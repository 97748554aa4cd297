"""Attention: initiatives with their flags, the worst first; by rule; and what has closed lately."""

from itertools import chain
from typing import Any

from django.core.paginator import Paginator
from django.utils import timezone
from django.views.generic import TemplateView

from accounts.models import Person
from initiatives.views.base import SignedIn
from notifications import permissions, queries
from notifications.filters import FlagFilter
from notifications.models import FlagQuerySet
from notifications.rules import RULES

LINES = 50
BY_INITIATIVE, BY_RULE, CLOSED = "", "rules", "closed"
WAYS = ((BY_INITIATIVE, "By initiative"), (BY_RULE, "By rule"), (CLOSED, "Closed lately"))
FACETS = ("rule", "severity", "unit", "stage", "acts", "person")


class Attention(SignedIn, TemplateView):
    """Counts initiatives, not flags: twelve missing items are one line. htmx replaces the results
    alone."""

    def get_template_names(self) -> list[str]:
        htmx: Any = self.request.htmx  # type: ignore[attr-defined]
        partial = htmx and not htmx.history_restore_request
        return [f"notifications/{'_' if partial else ''}attention.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.person
        way = self.request.GET.get("by", "")
        way = way if way in dict(WAYS) else BY_INITIATIVE
        closed = way == CLOSED
        at = timezone.now()
        flags = queries.closed_lately(person, at) if closed else queries.open_for(person)
        narrowed = FlagFilter(self.request.GET, queryset=flags, person=person)
        return super().get_context_data(
            filter=narrowed,
            facets=[narrowed.form[name] for name in FACETS],
            way=way,
            ways=[(key, title, self._query(by=key)) for key, title in WAYS],
            is_narrowed=any(self.request.GET.get(name) for name in ("q", *FACETS)),
            query=self._query(by=way),
            rules=self._rules(narrowed, person),
            **self._found(narrowed.qs, way, person),
            **kwargs,
        )

    def _found(self, flags: FlagQuerySet, way: str, person: Person) -> dict[str, Any]:
        """What is shown, one page of it."""
        today = timezone.localdate()
        if way == BY_RULE:
            return {"groups": queries.by_rule(flags, today)}
        number = self.request.GET.get("page")
        if way == CLOSED:
            page = Paginator(flags, LINES).get_page(number)
            return {"closed": list(page), "page": page}
        found = Paginator(queries.Lines(flags, today), LINES).get_page(number)
        lines = list(found)
        mine = permissions.may_snooze_any(person, [line.initiative.pk for line in lines])
        for flag in chain.from_iterable(line.flags for line in lines):
            flag.may_again = permissions.may_snooze_again(person, flag.times_snoozed)
        return {"lines": lines, "page": found, "mine": mine}

    def _rules(self, narrowed: FlagFilter, person: Person) -> list[tuple[str, str, int]]:
        """Each rule with how many initiatives it has flagged, as the facet says it."""
        counts = queries.counts(person)
        rules = [(key, rule.title, counts.get(key, 0)) for key, rule in RULES.items()]
        field: Any = narrowed.form.fields["rule"]
        field.choices = [(key, f"{title} ({count})") for key, title, count in rules]
        return rules

    def _query(self, *, by: str) -> str:
        """The query of this page, seen in this way, without the number of its page."""
        query = self.request.GET.copy()
        query.pop("page", None)
        query.pop("by", None)
        if by:
            query["by"] = by
        return query.urlencode()
