"""Where people hear of what is mailed to them besides: they enter, switch and remove it."""

from __future__ import annotations

from datetime import datetime

from accounts.models import Person
from audit.actions import Entry, Value, append
from audit.refusals import Refused, records_refusals
from notifications import chat
from notifications.models import Channel
from notifications.sealing import sealed


@records_refusals("channel.enter")
def enter_channel(*, url: str, by: Person, at: datetime) -> Channel:
    """Use this webhook from now on, in place of the one before."""
    try:
        shown = chat.described(url.strip())
    except chat.NotAChannel as error:
        raise Refused(str(error), rule="not_a_channel", field="url") from error
    person = _locked(by)
    if not person.is_active:
        raise Refused("Only people who are active have a channel.", rule="inactive")
    known = {
        "sealed": sealed(url.strip()),
        "service": shown.service,
        "ending": shown.ending,
        "is_on": True,
        "made_at": at,
    }
    channel, _ = Channel.objects.update_or_create(person=person, defaults=known)
    append([_entry("channel.entered", person, {"service": shown.service})], at=at)
    return channel


@records_refusals("channel.switch")
def switch_channel(*, is_on: bool, by: Person, at: datetime) -> None:
    """Hear there no more, or again."""
    person = _locked(by)
    if not Channel.objects.filter(person=person).update(is_on=is_on):
        raise _none()
    append([_entry("channel.switched", person, {"is_on": is_on})], at=at)


@records_refusals("channel.remove")
def remove_channel(*, by: Person, at: datetime) -> None:
    """Forget its address."""
    person = _locked(by)
    if not Channel.objects.filter(person=person).delete()[0]:
        raise _none()
    append([_entry("channel.removed", person, {})], at=at)


def _locked(person: Person) -> Person:
    return Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def _none() -> Refused:
    return Refused("There is no channel any more. Enter one if you want it.", rule="none")


def _entry(kind: str, person: Person, changed: dict[str, Value]) -> Entry:
    return Entry(kind, f"person:{person.pk}", actor_id=person.pk, changed=changed)
