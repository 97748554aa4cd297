"""The campaign as leads run it: looked at, started, chased, and what is dead retired."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.generic import TemplateView, View

from accounts.models import Unit
from audit.refusals import Refused
from initiatives.views.base import ActionView, SignedIn, ids, is_id
from notifications import actions, campaigns, permissions, queries
from notifications.campaigns import Letter, Preview
from notifications.forms.campaign import KeepForm, RetireForm, ScopeForm, StartForm
from reviews import actions as reviews
from reviews.models import RetirementRequest

LINES = 50


class ForLeads(SignedIn):
    """Pages of portfolio leads."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not permissions.may_start_campaign(self.person):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class OfAPart(ForLeads):
    """What would be asked of whom, of all that is quiet or of one unit's part of it."""

    @cached_property
    def unit(self) -> Unit | None:
        """The part that is looked at; by the address, or as the form was sent."""
        scope = ScopeForm(self.request.POST or self.request.GET)
        return scope.cleaned_data["unit"] if scope.is_valid() else None

    @cached_property
    def preview(self) -> Preview:
        return campaigns.preview(self.unit, timezone.localdate())

    @cached_property
    def letter(self) -> Letter | None:
        """The mail of the person chosen, or of the first."""
        chosen = self.request.GET.get("person", "")
        people = self.preview.people
        found = people.filter(pk=chosen) if is_id(chosen) else people.none()
        person = found.first() or people.first()
        return campaigns.letter(person, self.unit, timezone.now()) if person else None


# Its page alone shows another of ours in a frame: the mail.
@method_decorator(csp_update({"frame-src": [SELF]}), name="dispatch")
class Start(OfAPart, ActionView):
    """What would happen, who gets which mail, and then the button."""

    form_class = StartForm
    template_name = "notifications/start_campaign.html"

    def get_initial(self) -> dict[str, Any]:
        return {"mails": self.preview.asked, "unit": self.unit}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            preview=self.preview,
            unit=self.unit,
            scope=ScopeForm(initial={"unit": self.unit}),
            page=Paginator(self.preview.people, LINES).get_page(self.request.GET.get("page")),
            query=f"unit={self.unit.pk}" if self.unit else "",
            letter=self.letter,
            going_out=campaigns.going_out(timezone.now()),
            **kwargs,
        )

    def act(self, form: forms.Form, at: datetime) -> None:
        given = form.cleaned_data
        started = actions.start_campaign(
            by=self.person, at=at, unit=given["unit"], mails=given["mails"]
        )
        messages.success(self.request, campaigns.started(started, given["mails"], at))

    def refused(self, form: forms.Form, refusal: Refused) -> HttpResponse:
        """What has changed is shown as it is now, to be looked at and confirmed anew."""
        if "mails" in refusal.detail:
            sent = self.request.POST.copy()
            sent["mails"] = str(refusal.detail["mails"])
            form.data = sent
        return super().refused(form, refusal)

    def get_success_url(self) -> str:
        return reverse("campaign:counts")


# A mail has its styles in it, as mail programs want them; nothing else of it is let in, and nobody
# but ourselves may frame it.
OF_A_MAIL = {
    "script-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": [NONE],
    "connect-src": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
}


@method_decorator([xframe_options_sameorigin, csp_replace(OF_A_MAIL)], name="dispatch")
class LetterAsItLooks(OfAPart, View):
    """The mail itself, as a mail program shows it."""

    http_method_names = ("get", "head", "options")

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.letter is None:
            raise Http404
        return HttpResponse(self.letter.html)


class Silent(SignedIn, TemplateView):
    """Who has not said what is theirs: all of them for leads, who chase them here; for the head of
    a unit those whose silence comes to them."""

    template_name = "notifications/silent.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.person
        is_lead = permissions.may_start_campaign(person)
        found = queries.silent(None if is_lead else person, timezone.localdate())
        chased = sum(silence.is_silent for silence in found)
        page = Paginator(found, LINES).get_page(self.request.GET.get("page"))
        seen_at = timezone.now().isoformat()
        return super().get_context_data(
            page=page, is_lead=is_lead, chased=chased, seen_at=seen_at, **kwargs
        )


class Chase(ForLeads, View):
    """Ask again, at once: those that are ticked, or all who are silent."""

    def post(self, request: HttpRequest) -> HttpResponse:
        people = ids(request.POST.getlist("person"))
        if not people and "all" not in request.POST:
            messages.info(request, "Nobody was ticked.")
            return HttpResponseRedirect(reverse("campaign:silent"))
        chosen, at = None if "all" in request.POST else people, timezone.now()
        chased = actions.chase(people=chosen, by=self.person, at=at)
        left = queries.left_out(chosen, chased, _seen_at(request.POST.get("seen_at", ""), at))
        level = messages.SUCCESS if chased else messages.INFO
        messages.add_message(request, level, campaigns.chased(len(chased), left))
        return HttpResponseRedirect(reverse("campaign:silent"))


def _seen_at(text: str, now: datetime) -> datetime:
    """When the page was opened on which somebody presses; what cannot be read is now."""
    try:
        seen_at = parse_datetime(text)
    except ValueError:
        seen_at = None
    return min(seen_at, now) if seen_at and timezone.is_aware(seen_at) else now


class Retire(ForLeads, ActionView):
    """All that is said to be dead, retired in bulk; what was refused says why and stays ticked."""

    form_class = RetireForm
    template_name = "notifications/retire.html"
    account: reviews.Retired | None = None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = RetirementRequest.objects.open().select_related("initiative__unit", "asked_by")
        page = Paginator(found.order_by("pk"), LINES).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            page=page,
            requests=list(page),
            ticked=self._ticked(),
            account=self.account,
            **kwargs,
        )

    def _ticked(self) -> set[int]:
        return set(ids(self.request.POST.getlist("request")))

    def act(self, form: forms.Form, at: datetime) -> None:
        found = RetirementRequest.objects.open().filter(pk__in=self._ticked())
        chosen = list(found.select_related("initiative", "asked_by").order_by("initiative"))
        if not chosen:
            raise Refused("Tick those that are to be retired.", rule="nothing_ticked")
        self.account = reviews.retire_all(
            requests=chosen, by=self.person, at=at, **form.cleaned_data
        )
        if done := len(self.account.done):
            count = "One initiative is" if done == 1 else f"{done} initiatives are"
            self.done = f"{count} retired. It is on record."

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Each is decided by itself: as long as one was refused, the page stays."""
        response = super().form_valid(form)
        return self.form_invalid(form) if self.account and self.account.refused else response

    def get_success_url(self) -> str:
        return reverse("campaign:retire")


class Keep(ForLeads, ActionView):
    """It is not dead after all."""

    form_class = KeepForm
    done = "Kept. Whoever has not answered for it is asked again."

    @cached_property
    def request_to_retire(self) -> RetirementRequest:
        open_ones = RetirementRequest.objects.open().select_related("initiative", "asked_by")
        return get_object_or_404(open_ones, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = self.request_to_retire
        return super().get_context_data(
            initiative=found.initiative,
            title=f"Keep it: {found.initiative.name}",
            quoted=f"{found.asked_by.name}: {found.reason}",
            **kwargs,
        )

    def act(self, form: forms.Form, at: datetime) -> None:
        reviews.keep(request=self.request_to_retire, by=self.person, at=at, **form.cleaned_data)

    def get_success_url(self) -> str:
        return reverse("campaign:retire")
