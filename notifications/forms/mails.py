"""Forms of what one hears of, and by which way."""

from __future__ import annotations

from typing import Any, ClassVar

from crispy_forms.bootstrap import InlineRadios
from django import forms

from accounts.models import Person
from initiatives.forms.base import ActionForm
from notifications import queries
from notifications.preferences import TOPICS, Channel, Pace, Topic, topics_on


class PacesForm(ActionForm):
    """A pace for each topic that comes by one way; what holds without a choice is marked."""

    channel: ClassVar[Channel]
    names: ClassVar[dict[Pace, str]] = {}  # where a pace is not called as it is elsewhere

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, default in queries.default_paces(person, self.channel).items():
            self.fields[key] = self.choice(TOPICS[key], default)

    def layout(self) -> list[InlineRadios]:
        return [InlineRadios(key) for key in topics_on(self.channel)]

    def choice(self, topic: Topic, default: str) -> forms.ChoiceField:
        paces = topic.offered(self.channel)
        named = [(pace, self.names.get(pace, str(pace.label))) for pace in paces]
        return _radios(topic, [_marked(pace, name, default) for pace, name in named])


class MailsForm(PacesForm):
    title = "Mail settings"
    why = (
        "How often mails come, by what they are about. What can wait comes on working days, in one "
        "mail a day."
    )
    channel = Channel.EMAIL

    def choice(self, topic: Topic, default: str) -> forms.ChoiceField:
        field = super().choice(topic, default)
        field.help_text += _kept(topic)
        return field


class ChatForm(PacesForm):
    title = "What comes in chat"
    why = "What goes out by mail comes in chat as well, when the mail is sent: choose what."
    channel = Channel.CHAT
    names: ClassVar[dict[Pace, str]] = {
        Pace.AT_ONCE: "What is sent at once",
        Pace.DAILY: "Every mail",
    }


def _marked(pace: Pace, name: str, default: str) -> tuple[str, str]:
    return str(pace), f"{name} (default)" if pace == default else name


def _radios(topic: Topic, choices: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=choices,
        label=topic.title,
        help_text=topic.holds,
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
