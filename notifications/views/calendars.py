"""The feeds that calendar programs fetch."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.generic import View

from notifications import queries
from notifications.models import Calendar


@method_decorator(login_not_required, name="dispatch")
class Feed(View):
    """One person's deadlines, or the portfolio's decisions as this person may see them, for
    whoever has the address. What was revoked is like what never was."""

    http_method_names = ("get", "head", "options")

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        rows = Calendar.objects.living().of_token(token).select_related("person")
        if (calendar := rows.first()) is None:
            raise Http404
        from notifications import calendars  # what it imports is for programs that come each hour

        found = queries.of_calendar(calendar, timezone.localdate())
        response = HttpResponse(
            calendars.written(calendar.kind, found), content_type=calendars.CONTENT_TYPE
        )
        response["Cache-Control"] = "private"
        response["Content-Disposition"] = 'attachment; filename="gatehouse.ics"'
        return response
