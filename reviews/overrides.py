"""Who may set criteria aside, and until when (product.md §4, Override).

Two people do it, and each has to be free to: neither whoever asks for the review or last changed
its evidence, nor who holds a role on it, nor who joined their group after the review was opened;
the same who do not sign for a group, and those who do not decide.
"""

from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q

from accounts import permissions as people
from accounts.models import Group, Membership, Person
from initiatives.models import Ownership
from initiatives.triage import Level
from reviews import gates, signing
from reviews.models import Override
from reviews.policy import Policy
from reviews.queries import Standing

SECONDS = {Level.LIGHT: Group.LEADS, Level.STANDARD: Group.COMPLIANCE, Level.FULL: Group.COMPLIANCE}
WHO_SIGNS_SECOND = {
    Group.LEADS: "At the light level another portfolio lead signs it.",
    Group.COMPLIANCE: "From the standard level up a member of compliance signs it.",
}


def second_group(standing: Standing) -> str:
    """The group whose member signs second."""
    return SECONDS[Level(standing.facts.initiative.level)]


def longest(policy: Policy, today: date) -> date:
    """The last day until which anything may be set aside."""
    return today + timedelta(days=policy.limits.override_days)


def bar_to_asking(person: Person, standing: Standing) -> str | None:
    """Why this person may not ask for an override of this review, or None."""
    if not people.is_lead(person):
        return "Only portfolio leads ask for an override."
    return bar_to_any(standing) or _bar(_membership(person, Group.LEADS), Group.LEADS, standing)


def bar_to_any(standing: Standing) -> str | None:
    """Why nobody may ask for an override of this review now, or None."""
    if barred := _bar_in_review(standing):
        return barred
    if standing.proposed_override:
        return "Another one waits for its second signature."
    return None if standing.overridable else "Nothing that is unmet here can be set aside."


def bar_to_countersigning(person: Person, override: Override, standing: Standing) -> str | None:
    """Why this person may not sign second, or None."""
    if not override.is_proposed:
        return "It was signed, refused or taken back already."
    if person.pk == override.asked_by_id:
        return "You asked for it: somebody else signs it."
    group = second_group(standing)
    return _bar_in_review(standing) or _bar(_membership(person, group), group, standing)


def bar_to_declining(person: Person, override: Override, standing: Standing) -> str | None:
    """Why this person may not refuse it, or None. Whoever asked for it takes it back."""
    if override.is_proposed and person.is_active and person.pk == override.asked_by_id:
        return None
    return bar_to_countersigning(person, override, standing)


def _bar_in_review(standing: Standing) -> str | None:
    if not standing.review.is_open:
        return "This review is closed: nothing in it can be set aside any more."
    if not standing.policy.limits.override_days:
        return "The policy allows no overrides."
    return gates.shut(standing.facts)


def seconds(override: Override, standing: Standing) -> list[Person]:
    """Everybody who may sign it as the second person."""
    group = second_group(standing)
    members = Membership.objects.filter(group__key=group, left_at=None).select_related("person")
    return [
        member.person
        for member in members.order_by("person__name", "pk")
        if member.person_id != override.asked_by_id and _bar(member, group, standing) is None
    ]


def asked_of(person: Person) -> list[Override]:
    """What waits for this person's second signature over the whole portfolio, in one query, and in
    none for whoever signs nothing second: the twin of `seconds`. Whether anybody may sign it now is
    said on its page."""
    if not person.is_active or person.group_keys.isdisjoint(SECONDS.values()):
        return []
    was_member = Membership.objects.filter(
        person=person, left_at=None, joined_at__lte=OuterRef("review__opened_at")
    )
    in_group = Q(pk__in=())
    for level, group in SECONDS.items():
        in_group |= Q(Exists(was_member.filter(group__key=group)), review__initiative__level=level)
    roles = Ownership.objects.counting().filter(person=person).order_by().values("initiative")
    free = Override.objects.proposed().filter(in_group).exclude(review__initiative__in=roles)
    for by in ("asked_by", "review__opened_by", "review__initiative__evidence_changed_by"):
        free = free.exclude(**{by: person})
    return list(free.select_related("review__initiative", "asked_by").order_by("asked_at", "pk"))


def _membership(person: Person, group: str) -> Membership | None:
    found = Membership.objects.filter(person=person, group__key=group, left_at=None)
    return found.select_related("person").first()


def _bar(membership: Membership | None, group: str, standing: Standing) -> str | None:
    if membership is None or not membership.person.is_active:
        return WHO_SIGNS_SECOND[group]
    person = membership.person
    if any(o.counts and o.person_id == person.pk for o in standing.facts.ownerships):
        return "You hold a role on this initiative: somebody who does not has to do it."
    if barred := signing.bar(signing.Candidate(person, membership), standing.review):
        return f"You cannot set criteria aside here: {barred}"
    return None
