"""Asking somebody into a role, and their answer."""

from django import forms

from initiatives.fields import PersonChoice
from initiatives.forms.base import ActionForm


class OwnerForm(ActionForm):
    title = "Ask somebody"
    why = "They get a mail and accept or decline. Until they accept, the role counts as empty."
    button = "Ask"
    person = PersonChoice()


class AnswerOwnershipForm(ActionForm):
    title = "Is it yours?"
    why = "Until somebody accepts, the role counts as empty."
    button = "Answer"

    answer = forms.ChoiceField(choices=(("accept", "Yes, mine"), ("decline", "Not mine")))
    hours_a_month = forms.IntegerField(
        min_value=0, max_value=400, required=False, label="Hours a month you have for it"
    )
    in_objectives = forms.BooleanField(required=False, label="It is among my objectives")
    comment = forms.CharField(max_length=1000, required=False)
