"""The link in a mail by which its reader stops mails about its topics, without signing in.

It is signed for one person and these topics, and for nothing else; it does not expire, because a
mail is kept for years.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.models import Person
from notifications.preferences import TOPIC_OF, TOPICS, Topic

SALT = "notifications.unsubscribing"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose mails are to stop, and about what."""

    person: Person
    topics: tuple[str, ...]

    @property
    def told(self) -> list[Topic]:
        return [TOPICS[key] for key in self.topics]


def topics_of(kinds: Iterable[str]) -> tuple[str, ...]:
    """The topics among these kinds of which one may get no mails, in the order of the page."""
    found = {TOPIC_OF.get(kind) for kind in kinds}
    return tuple(key for key, topic in TOPICS.items() if key in found and topic.may_be_off)


def link(person_id: int, topics: tuple[str, ...]) -> str:
    """The address of the page that asks whether to stop."""
    token = signing.Signer(salt=SALT).sign_object([person_id, list(topics)])
    return urljoin(f"{settings.BASE_URL}/", reverse("mails:unsubscribe", args=[token]))


def read(token: str) -> Asked | None:
    """What a link asks for; None of one that we did not sign, or to somebody who has left."""
    try:
        pk, topics = signing.Signer(salt=SALT).unsign_object(token)
    except signing.BadSignature:
        return None
    person = Person.objects.filter(pk=pk, is_active=True).first()
    offered = tuple(key for key in topics if key in TOPICS and TOPICS[key].may_be_off)
    return Asked(person, offered) if person and offered else None
