"""Doors to what was promised and what was measured."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from initiatives import actions
from initiatives.forms.charter import KillConditionForm, MeasurementForm, MetricForm, SpendForm
from initiatives.models import Initiative, KillCondition, Metric
from initiatives.views.base import OfInitiative, OnInitiative, visible_initiative


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


class RemoveKillCondition(OnInitiative):
    """Take a condition back, while nothing has frozen it."""

    done = "The kill condition was removed."
    condition: KillCondition

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        conditions = KillCondition.objects.select_related("initiative", "metric")
        self.condition = get_object_or_404(conditions, pk=kwargs["pk"])
        return visible_initiative(request, self.condition.initiative_id)

    def act(self, at: datetime) -> None:
        actions.remove_kill_condition(kill_condition=self.condition, by=self.person, at=at)


class RecordSpend(OfInitiative):
    form_class = SpendForm
    done = "Recorded."

    def get_initial(self) -> dict[str, Any]:
        return {"spent_on": timezone.localdate()}

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.record_spend(initiative=self.initiative, by=self.person, at=at, **form.cleaned_data)
