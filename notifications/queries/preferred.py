"""Reads about how often people want to hear of what."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from accounts import permissions as people
from accounts.models import Group, Membership, Person
from initiatives.models import Initiative
from notifications.models import Preference, Reminder
from notifications.preferences import Channel, Pace, default_of, topics_on


def default_paces(person: Person, channel: str = Channel.EMAIL) -> dict[str, str]:
    """The pace of each topic that may come by this way, as it is without a choice."""
    is_lead = people.is_lead(person)
    return {
        key: str(default_of(key, channel=channel, is_lead=is_lead)) for key in topics_on(channel)
    }


def paces_of(person: Person, channel: str = Channel.EMAIL) -> dict[str, str]:
    """The pace of each topic that may come by this way, chosen or not."""
    chosen = Preference.objects.filter(person=person, channel=channel)
    return default_paces(person, channel) | dict(chosen.values_list("topic", "pace"))


def digest_readers(since: datetime) -> list[int]:
    """Who gets the weekly digest: whoever was a lead by then, but for those who turned it off, and
    whoever turned it on."""
    chosen = Preference.objects.filter(topic="digest", channel=Channel.EMAIL)
    paces = dict(chosen.values_list("person", "pace"))
    leads = Membership.objects.filter(group__key=Group.LEADS, left_at=None, joined_at__lte=since)
    wanted = {pk for pk in leads.values_list("person", flat=True) if paces.get(pk) != Pace.OFF}
    wanted |= {pk for pk, pace in paces.items() if pace == Pace.WEEKLY}
    active = Person.objects.filter(pk__in=wanted, is_active=True).order_by("pk")
    return list(active.values_list("pk", flat=True))


def not_sent_to(person: Person, limit: int = 10) -> list[Reminder]:
    """What this person did not get a mail of, because they wanted none; the newest first."""
    muted = Reminder.objects.filter(
        Q(initiative=None) | Q(initiative__in=Initiative.objects.visible_to(person)),
        recipient=person,
        state=Reminder.State.MUTED,
    )
    return list(muted.order_by("-planned_at", "-pk")[:limit])
