"""Doors to registering and mending: parse, call one action, go back to the initiative."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.generic import FormView, View

from accounts.models import Person
from audit.refusals import Refused
from initiatives import actions
from initiatives.forms import (
    PARTS,
    AnswerOwnershipForm,
    KillConditionForm,
    MeasurementForm,
    MetricForm,
    OwnerForm,
    RegisterForm,
    SpendForm,
)
from initiatives.models import Initiative, KillCondition, Metric, Ownership
from initiatives.stages import Role


def visible_initiative(request: HttpRequest, pk: int) -> Initiative:
    """The initiative, or 404 for what this person may not know of."""
    person: Any = request.user
    return get_object_or_404(Initiative.objects.visible_to(person).select_related("unit"), pk=pk)


if TYPE_CHECKING:
    BaseFormView = FormView[forms.Form]
else:  # not subscriptable when it runs
    BaseFormView = FormView


class ActionView(BaseFormView):
    """A form in front of one action: what it refuses stands at the field, what was typed stays."""

    template_name = "initiatives/form.html"
    done = ""

    @property
    def person(self) -> Person:
        assert isinstance(self.request.user, Person)
        return self.request.user

    @abstractmethod
    def act(self, form: forms.Form, at: datetime) -> None:
        """Call the action; leave with `Refused` where a rule says no."""

    def form_valid(self, form: forms.Form) -> HttpResponse:
        try:
            self.act(form, timezone.now())
        except Refused as refusal:
            return self.refused(form, refusal)
        if self.done:
            messages.success(self.request, self.done)
        return HttpResponseRedirect(self.get_success_url())

    def refused(self, form: forms.Form, refusal: Refused) -> HttpResponse:
        field = refusal.field if refusal.field in form.fields else None
        form.add_error(field, refusal.message)
        return self.form_invalid(form)

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 422
        return response


class OfInitiative(ActionView):
    """A form about one initiative, which goes back to its page."""

    initiative: Initiative

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.initiative = self.find(request, **kwargs)
        return super().dispatch(request, *args, **kwargs)

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        return visible_initiative(request, kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(initiative=self.initiative, **kwargs)

    def get_success_url(self) -> str:
        return self.initiative.get_absolute_url()


class Register(ActionView):
    form_class = RegisterForm

    def act(self, form: forms.Form, at: datetime) -> None:
        self.initiative = actions.register(**form.cleaned_data, by=self.person, at=at)

    def get_success_url(self) -> str:
        messages.success(
            self.request,
            f"{self.initiative.reference} is registered. Next: answer the eight questions.",
        )
        return self.initiative.get_absolute_url()


class Edit(OfInitiative):
    """One part of the description: the one-field forms that unmet criteria link to."""

    done = "Saved."

    def get_form_class(self) -> type[forms.Form]:
        try:
            return PARTS[self.kwargs["part"]]
        except KeyError as error:
            raise Http404 from error

    def get_initial(self) -> dict[str, Any]:
        names = self.get_form_class().base_fields
        return {name: getattr(self.initiative, name) for name in names}

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.edit(initiative=self.initiative, by=self.person, at=at, **form.cleaned_data)


class AskOwner(OfInitiative):
    form_class = OwnerForm

    @property
    def role(self) -> str:
        role = self.kwargs["role"].replace("-", "_")
        if role not in Role.values:
            raise Http404
        return str(role)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=f"Ask a {Role(self.role).label.lower()}", **kwargs)

    def get_initial(self) -> dict[str, Any]:
        current = Ownership.objects.open().filter(initiative=self.initiative, role=self.role)
        return {"person": current.values_list("person", flat=True).first()}

    def act(self, form: forms.Form, at: datetime) -> None:
        person = form.cleaned_data["person"]
        ownership = actions.ask(
            initiative=self.initiative, role=self.role, person=person, by=self.person, at=at
        )
        if person.pk == self.person.pk:
            actions.accept(ownership=ownership, by=self.person, at=at)
        messages.success(self.request, self._said(ownership, is_new=ownership.asked_at == at))

    def _said(self, ownership: Ownership, *, is_new: bool) -> str:
        """What came of it: somebody who holds the role, or was asked, is not asked again."""
        if ownership.person_id == self.person.pk:
            return "You have taken it on."
        if is_new:
            return f"{ownership.person} was asked."
        if ownership.accepted_at is None:
            return f"{ownership.person} was asked already."
        return f"{ownership.person} holds this role already."


class AnswerOwnership(OfInitiative):
    """Mine, or not mine: the answer of the person who was asked."""

    form_class = AnswerOwnershipForm
    ownership: Ownership

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        mine = Ownership.objects.open().filter(person=request.user.pk)
        self.ownership = get_object_or_404(mine, pk=kwargs["pk"])
        return visible_initiative(request, self.ownership.initiative_id)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        role = self.ownership.role_name.lower()
        return super().get_context_data(title=f"Are you the {role}?", **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        answer = form.cleaned_data
        if answer["answer"] == "accept":
            actions.accept(
                ownership=self.ownership,
                by=self.person,
                at=at,
                hours_a_month=answer["hours_a_month"],
            )
            messages.success(self.request, "Thank you: it is yours.")
        else:
            actions.decline(
                ownership=self.ownership, by=self.person, at=at, comment=answer["comment"]
            )
            messages.success(self.request, "Noted: it is not yours.")


class DefineMetric(OfInitiative):
    form_class = MetricForm
    done = "The metric is saved."

    @property
    def metric(self) -> Metric | None:
        if "metric_pk" not in self.kwargs:
            return None
        return get_object_or_404(Metric, initiative=self.initiative, pk=self.kwargs["metric_pk"])

    def get_initial(self) -> dict[str, Any]:
        if self.metric is not None:
            return MetricForm.initial_of(self.metric)
        has_primary = Metric.objects.filter(initiative=self.initiative, is_primary=True).exists()
        return {"is_primary": not has_primary}

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.define_metric(
            initiative=self.initiative,
            values=form.cleaned_data,
            metric=self.metric,
            by=self.person,
            at=at,
        )


class Measure(OfInitiative):
    form_class = MeasurementForm
    done = "Recorded."

    def get_form_kwargs(self) -> dict[str, Any]:
        metric = get_object_or_404(
            Metric.objects.select_related("initiative"),
            initiative=self.initiative,
            pk=self.kwargs["metric_pk"],
        )
        return super().get_form_kwargs() | {"metric": metric}

    def get_initial(self) -> dict[str, Any]:
        return {"measured_on": timezone.localdate()}

    def act(self, form: forms.Form, at: datetime) -> None:
        assert isinstance(form, MeasurementForm)
        actions.record_measurement(
            metric=form.metric, by=self.person, at=max(at, timezone.now()), **form.cleaned_data
        )


class AddKillCondition(OfInitiative):
    form_class = KillConditionForm
    done = "Agreed. It is armed from now on."

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"initiative": self.initiative}

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.add_kill_condition(
            initiative=self.initiative, values=form.cleaned_data, by=self.person, at=at
        )


class RemoveKillCondition(View):
    """Take a condition back, while nothing has frozen it."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        condition = get_object_or_404(
            KillCondition.objects.select_related("initiative", "metric"), pk=pk
        )
        initiative = visible_initiative(request, condition.initiative_id)
        assert isinstance(request.user, Person)
        try:
            actions.remove_kill_condition(
                kill_condition=condition, by=request.user, at=timezone.now()
            )
            messages.success(request, "The kill condition was removed.")
        except Refused as refusal:
            messages.error(request, refusal.message)
        return HttpResponseRedirect(initiative.get_absolute_url())


class Restrict(View):
    """Hide an initiative, or show it again; the button says which."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        initiative = visible_initiative(request, pk)
        assert isinstance(request.user, Person)
        hide = request.POST.get("restricted") == "yes"
        try:
            actions.restrict(
                initiative=initiative, is_restricted=hide, by=request.user, at=timezone.now()
            )
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, "It is restricted now." if hide else "Everybody sees it now.")
        return HttpResponseRedirect(initiative.get_absolute_url())


class RecordSpend(OfInitiative):
    form_class = SpendForm
    done = "Recorded."

    def get_initial(self) -> dict[str, Any]:
        return {"spent_on": timezone.localdate()}

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.record_spend(initiative=self.initiative, by=self.person, at=at, **form.cleaned_data)
