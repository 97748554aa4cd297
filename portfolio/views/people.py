"""People: the list, a page for each, leaving, and handing over what somebody owns."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import TemplateView

from accounts import actions as accounts
from accounts.models import Person, Unit
from accounts.permissions import may_manage_people, may_record_leaving
from initiatives.models import HandOver
from initiatives.views.base import ActionView, Button, SignedIn
from notifications.queries import with_chased
from portfolio.forms import (
    DeactivateForm,
    HandOverForm,
    LeavingForm,
    ReactivateForm,
    TakeOverForm,
)
from portfolio.queries import people, person
from reviews import actions, belongings, permissions

LINES = 50


class People(SignedIn, TemplateView):
    """Everybody, found by the beginnings of words."""

    template_name = "portfolio/people.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET
        question, state = asked.get("q", "")[:200], asked.get("state", "")
        units = list(Unit.objects.order_by("name"))
        unit = next((unit for unit in units if str(unit.pk) == asked.get("unit")), None)
        found = people.found(question, state, unit)
        page = Paginator(found, LINES).get_page(asked.get("page"))
        return super().get_context_data(
            lines=people.lines(list(page), self.person),
            page=page,
            question=question,
            states=[_option(key, label, state) for key, (label, _) in people.STATES.items()],
            units=[_option(row.pk, row.name, unit and unit.pk) for row in units],
            is_narrowed=bool(question or state or unit),
            query=urlencode({k: v for k, v in asked.items() if k in ("q", "state", "unit") and v}),
            **kwargs,
        )


def _option(value: Any, label: str, chosen: Any) -> dict[str, Any]:
    return {"value": value, "label": label, "is_chosen": value == chosen}


class PersonPage(SignedIn, TemplateView):
    """What somebody owns, what waits for them, and what one may do about it."""

    template_name = "portfolio/person.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = person.load(_person(kwargs["pk"]), self.person, timezone.localdate())
        return super().get_context_data(shown=shown, **kwargs)


def _person(pk: int) -> Person:
    return get_object_or_404(Person.objects.select_related("unit__head", "deputy"), pk=pk)


class OfPerson(ActionView):
    """A form about one person, which goes back to their page."""

    about: Person
    barred = "Only administrators may change people. Ask one of them."

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.about = _person(kwargs["pk"])
        if not self.may():
            raise PermissionDenied(self.barred)
        return super().dispatch(request, *args, **kwargs)

    def may(self) -> bool:
        return may_manage_people(self.person)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(about=self.about, back=self.about, **kwargs)

    def get_success_url(self) -> str:
        return self.about.get_absolute_url()


class Deactivate(OfPerson):
    """What becomes unowned is said before the button is pressed."""

    template_name = "portfolio/deactivate.html"
    form_class = DeactivateForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        departure = person.departure(self.about, self.person)
        return super().get_context_data(departure=departure, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        accounts.deactivate(person=self.about, by=self.person, at=at)
        messages.success(self.request, f"{self.about} is inactive from now on.")


class Reactivate(OfPerson):
    form_class = ReactivateForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=f"Let {self.about} back in?", **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        accounts.reactivate(person=self.about, by=self.person, at=at)
        messages.success(self.request, f"{self.about} is active again.")


class Leaving(OfPerson):
    form_class = LeavingForm
    barred = "A last day is recorded by its person, the head of their unit or an administrator."

    def may(self) -> bool:
        return may_record_leaving(self.person, self.about)

    def get_initial(self) -> dict[str, Any]:
        return {"day": self.about.leaves_on}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = self.about.pk == self.person.pk
        title = "When is your last day?" if mine else f"When is {self.about}'s last day?"
        return super().get_context_data(title=title, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        day = form.cleaned_data["day"]
        accounts.record_leaving(person=self.about, day=day, by=self.person, at=at)
        stays = f"{self.about} stays." if self.about.leaves_on else "Nothing was changed."
        messages.success(self.request, "The last day is on record." if day else stays)


class HandOverAll(OfPerson):
    """Ask somebody to take over all that one owns, or that another owns."""

    template_name = "portfolio/hand_over.html"
    form_class = HandOverForm
    barred = "What somebody owns is handed over by them, a portfolio lead or an administrator."

    def may(self) -> bool:
        return permissions.may_hand_over(self.person, self.about)

    def get_form_kwargs(self) -> dict[str, Any]:
        offered = belongings.offered_by(self.about)
        theirs = belongings.of(self.about, seen_by=self.person)
        free = [b for b in theirs if b.subject not in offered]
        return super().get_form_kwargs() | {"giver": self.about, "theirs": free}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        open_ones = with_chased(HandOver.objects.open().filter(giver=self.about))
        named = open_ones.select_related("receiver", "asked_by")
        return super().get_context_data(hand_overs=list(named), **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        said = form.cleaned_data
        actions.ask_to_take_over(giver=self.about, by=self.person, at=at, **said)
        messages.success(
            self.request, f"{said['receiver']} was asked. Until they accept, nothing moves."
        )


class TakeOver(ActionView):
    """All that somebody is asked to take over, answered in one step."""

    template_name = "portfolio/take_over.html"
    form_class = TakeOverForm
    hand_over: HandOver

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.hand_over = _hand_over(self.person, kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        is_open = self.hand_over.is_open
        theirs = belongings.still_offered(self.hand_over, seen_by=self.person) if is_open else ()
        return super().get_form_kwargs() | {"theirs": theirs}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            hand_over=self.hand_over,
            counted=person.counted(self.hand_over, self.person),
            may_answer=permissions.may_take_over(self.person, self.hand_over),
            may_withdraw=permissions.may_withdraw_hand_over(self.person, self.hand_over),
            **kwargs,
        )

    def act(self, form: forms.Form, at: datetime) -> None:
        assert isinstance(form, TakeOverForm)
        by: dict[str, Any] = {"hand_over": self.hand_over, "by": self.person, "at": at}
        said = form.cleaned_data
        if said["answer"] == "decline":
            actions.decline_to_take_over(reason=said["reason"], **by)
            messages.success(self.request, "Noted. Whoever asked you hears of it.")
            return
        agreed = said.get("in_objectives", False)
        actions.take_over(subjects=said["subjects"], hours=form.hours, in_objectives=agreed, **by)
        messages.success(self.request, "Thank you: it is yours from now on.")

    def get_success_url(self) -> str:
        return reverse("portfolio:my_work")


def _hand_over(reader: Person, pk: int) -> HandOver:
    """The hand-over, or 404 for whom it does not concern."""
    rows = with_chased(HandOver.objects.select_related("giver", "receiver", "asked_by"))
    found = get_object_or_404(rows, pk=pk)
    if not permissions.may_read_hand_over(reader, found):
        raise Http404
    return found


class WithdrawHandOver(Button):
    """Take back what was offered: one press of whoever asked."""

    done = "Taken back: nothing has moved."

    @cached_property
    def hand_over(self) -> HandOver:
        return _hand_over(self.person, self.kwargs["pk"])

    def act(self, at: datetime) -> None:
        actions.withdraw_hand_over(hand_over=self.hand_over, by=self.person, at=at)

    def get_success_url(self) -> str:
        return self.hand_over.giver.get_absolute_url()
