"""How often somebody wants to hear of what, and by which way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Person
from audit.actions import Entry, append
from audit.refusals import Refused, records_refusals
from notifications import queries
from notifications.models import Preference
from notifications.preferences import TOPICS, Channel, Pace, topics_on

CHOSEN = {Channel.EMAIL: "mails.chosen", Channel.CHAT: "chat.chosen"}


@records_refusals("mails.choose")
def choose_paces(
    *,
    person: Person,
    paces: Mapping[str, str],
    by: Person,
    at: datetime,
    channel: Channel = Channel.EMAIL,
) -> None:
    """Hear of these topics at these paces, from the next mail on; the others stay as they are.

    What comes meanwhile of a topic that is off is not made up for when it is turned on again.
    """
    if by.pk != person.pk or not person.is_active:
        raise Refused("Everybody chooses their own mails.", rule="not_theirs")
    for key, pace in paces.items():
        _require_offered(key, pace, channel)
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=person.pk)
        before = queries.paces_of(person, channel)
        changed = {key: pace for key, pace in paces.items() if before[key] != pace}
        _keep(person, channel, changed)
        if changed:
            said = {"topics": ", ".join(f"{key} {pace}" for key, pace in changed.items())}
            subject, kind = f"person:{person.pk}", CHOSEN[channel]
            append([Entry(kind, subject, actor_id=by.pk, changed=said)], at=at)


def stop_mails(*, person: Person, topics: Iterable[str], at: datetime) -> None:
    """Send no more mails about these topics, as a link in one of them asks; whoever has the mail
    may, and what the person has to act on comes all the same."""
    off = {key: str(Pace.OFF) for key in topics if TOPICS[key].may_be_off}
    choose_paces(person=person, paces=off, by=person, at=at)


def _require_offered(key: str, pace: str, channel: Channel) -> None:
    if key not in topics_on(channel):
        raise Refused("There are no such mails.", rule="no_such_topic")
    topic = TOPICS[key]
    if pace not in topic.offered(channel):
        offered = " or ".join(str(p.label).lower() for p in topic.offered(channel))
        why = f", because {topic.because}" if topic.because else ""
        raise Refused(f"{topic.title}: choose {offered}{why}.", rule="pace_not_offered", field=key)


def _keep(person: Person, channel: Channel, paces: Mapping[str, str]) -> None:
    """Kept only where it differs from what holds without a choice."""
    unchosen = queries.default_paces(person, channel)
    for key, pace in paces.items():
        chosen: dict[str, Any] = {"person": person, "topic": key, "channel": channel}
        if pace == unchosen[key]:
            Preference.objects.filter(**chosen).delete()
        else:
            Preference.objects.update_or_create(**chosen, defaults={"pace": pace})
