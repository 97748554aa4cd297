"""Forms of what is one person's own, and of people."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms

from accounts.models import Person
from initiatives.fields import Day, PersonChoice, Text
from initiatives.forms.base import ActionForm
from initiatives.models import Initiative
from reviews import belongings
from reviews.belongings import Belonging


class DeputyForm(ActionForm):
    title = "Who signs when you are away?"
    why = (
        "They are asked whenever your signature is, and sign on your behalf; the record says so. "
        "They see what you see of the initiatives in which you hold a role. For a group its other "
        "members sign."
    )

    deputy = PersonChoice(required=False, label="Your deputy", empty_label="Nobody")
    until = Day(
        required=False, label="Until when?", help_text="Leave it empty until you change it."
    )


class LeavingForm(ActionForm):
    why = (
        "Nothing changes until the day is over. Until then whoever leaves, and the sponsors of "
        "what they own, are reminded to find somebody else. On the day after, the account becomes "
        "inactive by itself."
    )

    day = Day(
        required=False,
        label="Last day",
        help_text="Leave it empty where there is none, or none any more.",
    )


class DeactivateForm(forms.Form):
    """Nothing is asked: the page says what follows."""


class ReactivateForm(ActionForm):
    why = (
        "They can sign in again, with the password and the groups that they had. What they owned "
        "does not come back by itself: they are asked again for each role."
    )
    button = "Reactivate"


class Chosen(forms.MultipleChoiceField):
    """Things of somebody's, chosen on a page that draws them by initiative."""

    def __init__(self, **kwargs: Any) -> None:
        gone = "Some of it is not theirs any more. Look again at what is chosen."
        super().__init__(
            error_messages={"required": "Choose at least one thing.", "invalid_choice": gone},
            **kwargs,
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to be ticked; with the field for the hours a month, where it asks for them."""

    belonging: Belonging
    is_chosen: bool
    hours: forms.BoundField | None


class ChoosesBelongings(ActionForm):
    """A form in which things are chosen, all of them to begin with."""

    subjects = Chosen()

    def __init__(self, *args: Any, theirs: Iterable[Belonging], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.theirs = list(theirs)
        field = self.fields["subjects"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(b.subject, b.says) for b in self.theirs]

    @property
    def parts(self) -> list[tuple[Initiative | None, list[Choice]]]:
        """What stands on the page, by initiative."""
        found = belongings.parts(self.theirs)
        return [(part.initiative, [self._choice(b) for b in part.belongings]) for part in found]

    def _choice(self, belonging: Belonging) -> Choice:
        name = _hours(belonging)
        hours = self[name] if name in self.fields else None
        return Choice(belonging, belonging.subject in self._chosen, hours)

    @cached_property
    def _chosen(self) -> set[str]:
        """What is ticked: what was sent, or everything on a page that is opened."""
        sent = self["subjects"].value() if self.is_bound else [b.subject for b in self.theirs]
        return set(sent or ())

    def layout(self) -> Iterable[Any]:
        return [name for name in self.fields if name != "subjects"]


class HandOverForm(ChoosesBelongings):
    button = "Ask"

    receiver = PersonChoice(label="Who takes it over?")
    reason = Text(
        rows=2,
        required=False,
        max_length=2000,
        label="What should they know?",
        help_text="It stands in the mail they get. For example: who can show them how it runs.",
    )

    def __init__(self, *args: Any, giver: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["receiver"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Person.objects.filter(is_active=True, leaves_on=None).exclude(pk=giver.pk)


class TakeOverForm(ChoosesBelongings):
    """Accept all or a part, with the hours a month of what is run, and that it is among one's
    objectives; or decline, and say why.

    Hours are said for each system, or once for all; that it is agreed, once.
    """

    subjects = Chosen(required=False)
    answer = forms.ChoiceField(choices=(("accept", "Accept"), ("decline", "Decline")))
    reason = Text(rows=2, required=False, max_length=2000, label="Not yours? Say whose, or why")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        run = list(self._run())
        if len(run) > 1:
            self.fields["hours_of_each"] = _hours_field()
        for belonging in run:
            self.fields[_hours(belonging)] = _hours_field()
        if run:
            self.fields["in_objectives"] = forms.BooleanField(required=False)

    def layout(self) -> Iterable[Any]:
        return ["reason"]

    def _run(self) -> Iterator[Belonging]:
        return (belonging for belonging in self.theirs if belonging.asks_hours)

    @property
    def hours(self) -> dict[int, int]:
        """The hours that were said, by the number of the ownership: its own, or those for each."""
        of_each = self.cleaned_data.get("hours_of_each")
        said = {b.pk: self.cleaned_data.get(_hours(b)) for b in self._run()}
        told = {pk: of_each if hours is None else hours for pk, hours in said.items()}
        return {pk: hours for pk, hours in told.items() if hours is not None}


def _hours_field() -> forms.IntegerField:
    number = forms.NumberInput(attrs={"class": "form-control", "inputmode": "numeric"})
    return forms.IntegerField(min_value=0, max_value=400, required=False, widget=number)


def _hours(belonging: Belonging) -> str:
    return f"hours_{belonging.pk}"
