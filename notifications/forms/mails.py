"""Forms of what one hears of."""

from __future__ import annotations

from typing import Any

from crispy_forms.bootstrap import InlineRadios
from django import forms

from accounts import permissions as people
from accounts.models import Person
from initiatives.forms.base import ActionForm
from notifications.preferences import TOPICS, Topic, default_of


class MailsForm(ActionForm):
    """How often mails come, a choice for each topic; what holds without one is marked."""

    title = "Mail settings"
    why = (
        "How often mails come, by what they are about. What can wait comes on working days, in one "
        "mail a day."
    )

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_lead = people.is_lead(person)
        for key, topic in TOPICS.items():
            self.fields[key] = _choice(topic, str(default_of(key, is_lead=is_lead)))

    def layout(self) -> list[InlineRadios]:
        return [InlineRadios(key) for key in TOPICS]


def _choice(topic: Topic, default: str) -> forms.ChoiceField:
    names = {str(pace): str(pace.label) for pace in topic.paces}
    marked = {key: f"{name} (default)" if key == default else name for key, name in names.items()}
    return forms.ChoiceField(
        choices=list(marked.items()),
        label=topic.title,
        help_text=f"{topic.holds}{_kept(topic)}",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one.", "invalid_choice": "Choose one of these."},
    )


def _kept(topic: Topic) -> str:
    """What of it no choice turns off."""
    if topic.because:
        return f" Cannot be turned off: {topic.because}."
    if topic.named:
        return f" What you are named to act on comes once a day all the same: {topic.named}."
    return ""
