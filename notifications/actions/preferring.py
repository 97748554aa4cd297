"""How often somebody wants to hear of what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import permissions as people
from accounts.models import Person
from audit.actions import Entry, append
from audit.refusals import Refused, records_refusals
from notifications import queries
from notifications.models import Preference
from notifications.preferences import TOPICS, Channel, Pace, default_of


@records_refusals("mails.choose")
def choose_mails(*, person: Person, paces: Mapping[str, str], by: Person, at: datetime) -> None:
    """Hear of these topics at these paces, from the next mail on; the others stay as they are.

    What comes meanwhile of a topic that is off is not made up for when it is turned on again.
    """
    if by.pk != person.pk or not person.is_active:
        raise Refused("Everybody chooses their own mails.", rule="not_theirs")
    for key, pace in paces.items():
        _require_offered(key, pace)
    with transaction.atomic():
        before = queries.paces_of(Person.objects.select_for_update().get(pk=person.pk))
        changed = {key: pace for key, pace in paces.items() if before[key] != pace}
        for key, pace in changed.items():
            _keep(person, key, pace)
        if changed:
            said = {"topics": ", ".join(f"{key} {pace}" for key, pace in changed.items())}
            subject = f"person:{person.pk}"
            append([Entry("mails.chosen", subject, actor_id=by.pk, changed=said)], at=at)


def stop_mails(*, person: Person, topics: Iterable[str], at: datetime) -> None:
    """Send no more mails about these topics, as a link in one of them asks; whoever has the mail
    may, and what the person has to act on comes all the same."""
    off = {key: str(Pace.OFF) for key in topics if TOPICS[key].may_be_off}
    choose_mails(person=person, paces=off, by=person, at=at)


def _require_offered(key: str, pace: str) -> None:
    if key not in TOPICS:
        raise Refused("There are no such mails.", rule="no_such_topic")
    topic = TOPICS[key]
    if pace not in topic.paces:
        offered = " or ".join(str(p.label).lower() for p in topic.paces)
        why = f", because {topic.because}" if topic.because else ""
        raise Refused(f"{topic.title}: choose {offered}{why}.", rule="pace_not_offered", field=key)


def _keep(person: Person, key: str, pace: str) -> None:
    """Kept only where it differs from what holds without a choice."""
    chosen: dict[str, Any] = {"person": person, "topic": key, "channel": Channel.EMAIL}
    if pace == default_of(key, is_lead=people.is_lead(person)):
        Preference.objects.filter(**chosen).delete()
    else:
        Preference.objects.update_or_create(**chosen, defaults={"pace": pace})
