"""Doors to what a pilot found out, and to who watches what runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from initiatives import actions
from initiatives.forms.findings import (
    CloseQuestionForm,
    EvaluationSetForm,
    QuestionForm,
    RunForm,
    WatchForm,
)
from initiatives.models import EvaluationSet, Initiative, OpenQuestion
from initiatives.rules import EVALUATION_SET_FIELDS, QUESTION_FIELDS
from initiatives.views.base import OfInitiative, visible_initiative


class RaiseQuestion(OfInitiative):
    form_class = QuestionForm
    done = "The question is on the list."

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.raise_question(
            initiative=self.initiative, values=form.cleaned_data, by=self.person, at=at
        )


class OfQuestion(OfInitiative):
    """A form about one open question."""

    question: OpenQuestion

    def find(self, request: HttpRequest, **kwargs: Any) -> Initiative:
        self.question = get_object_or_404(OpenQuestion, pk=kwargs["pk"])
        return visible_initiative(request, self.question.initiative_id)


class ChangeQuestion(OfQuestion):
    form_class = QuestionForm
    done = "Saved."

    def get_initial(self) -> dict[str, Any]:
        return _initial(self.question, QUESTION_FIELDS)

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.change_question(
            question=self.question, values=form.cleaned_data, by=self.person, at=at
        )


class CloseQuestion(OfQuestion):
    form_class = CloseQuestionForm
    done = "Closed."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=f"Close: {self.question}", **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.close_question(question=self.question, by=self.person, at=at, **form.cleaned_data)


class OfEvaluationSet(OfInitiative):
    """The clean set or, at an address of its own, the messy one."""

    is_messy = False

    @property
    def known(self) -> EvaluationSet | None:
        return self.initiative.messy_set if self.is_messy else self.initiative.evaluation_set


class DescribeEvaluationSet(OfEvaluationSet):
    form_class = EvaluationSetForm
    done = "The evaluation set is described."

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"initiative": self.initiative}

    def get_initial(self) -> dict[str, Any]:
        return _initial(self.known, EVALUATION_SET_FIELDS) if self.known else {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = "Set of messy data" if self.is_messy else "Evaluation set"
        return super().get_context_data(title=title, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.describe_evaluation_set(
            initiative=self.initiative,
            values={**form.cleaned_data, "is_messy": self.is_messy},
            evaluation_set=self.known,
            by=self.person,
            at=at,
        )


class RecordRun(OfEvaluationSet):
    """A run on the set; one that is not there is described first."""

    form_class = RunForm
    done = "Recorded."

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.known is None:
            messages.info(request, "Describe the set first; then record what came out.")
            return HttpResponseRedirect(self._describe())
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.known is None:
            return HttpResponseRedirect(self._describe())
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def _describe(self) -> str:
        name = "describe_messy_set" if self.is_messy else "describe_evaluation_set"
        return reverse(f"initiatives:{name}", args=[self.initiative.pk])

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"evaluation_set": self.known}

    def act(self, form: forms.Form, at: datetime) -> None:
        assert self.known is not None
        actions.record_run(evaluation_set=self.known, by=self.person, at=at, **form.cleaned_data)


class WatchMetric(OfInitiative):
    form_class = WatchForm
    done = "Named. The first value from production shows that it works."

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"initiative": self.initiative}

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.watch_metric(by=self.person, at=at, **form.cleaned_data)


def _initial(row: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    return {field.removesuffix("_id"): getattr(row, field) for field in fields}
