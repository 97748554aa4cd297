"""What every form here begins with: the page draws its frame and buttons."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Layout
from django import forms

# Says what is wrong, not what to do.
DJANGOS = forms.Field.default_error_messages["required"]


def plain_helper(*layout: Any) -> FormHelper:
    """The helper of every form here: the page draws the form's frame and buttons."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    if layout:
        helper.layout = Layout(*layout)
    return helper


def row(*names: str) -> Div:
    """Fields side by side where there is room."""
    return Div(*(Div(name, css_class="col-md") for name in names), css_class="row")


class ActionForm(forms.Form):
    """A form whose cleaned data is what its action takes.

    `shown_when` names what a field waits for, as `due=date`; until another field says that, the
    browser leaves it out (js/shown-when.js). Without JavaScript all are there.
    """

    title = ""
    why = ""
    button = "Save"
    shown_when: Mapping[str, str] = MappingProxyType({})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if field.error_messages.get("required") == DJANGOS:
                chosen = isinstance(field, forms.ChoiceField | forms.ModelChoiceField)
                field.error_messages["required"] = "Choose one." if chosen else "Fill this in."
        for name, condition in self.shown_when.items():
            self.fields[name].widget.attrs["data-shown-when"] = condition
        self.helper = plain_helper(*self.layout())

    def layout(self) -> Iterable[Any]:
        return ()
