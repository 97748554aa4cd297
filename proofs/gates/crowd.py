"""Those who act in the rounds: initiatives that lack nothing but a decision, or its signatures."""

from __future__ import annotations

from dataclasses import replace

from django.utils import timezone

from accounts import actions as people
from accounts.models import Group, Person
from initiatives.models import Initiative
from portfolio import demo
from portfolio.stories.gates import asked_for
from portfolio.stories.people import HIRED
from portfolio.stories.proposals import POLICY_QUESTIONS
from reviews.models import Slot

ROUND = "Round "  # the demo brings an inventory along
ALL_WAIT = ("sponsor", "business_owner", "engineering_owner", "compliance")


def load(*, decided: int, signed: int) -> tuple[list[Initiative], list[Initiative]]:
    """Charters that everybody has signed, for `decided` rounds, and as many reviews as `signed`
    in which nobody has."""
    stories = [(n, ()) for n in range(decided)] + [(n, ALL_WAIT) for n in range(signed)]
    demo.load(
        replace(POLICY_QUESTIONS, name=f"{ROUND}{n}", happened=asked_for(4, waits=waits))
        for n, waits in stories
    )
    made = list(Initiative.objects.filter(name__startswith=ROUND).order_by("pk"))
    return made[:decided], made[decided:]


def members(group: str, count: int) -> list[Person]:
    """So many new members of a group, who have been there for long."""
    at = timezone.now() - HIRED
    found = Group.objects.get(key=group)
    made = []
    for number in range(count):
        email = f"{group}.{number}@proof.example"
        person = people.create_person(email=email, name=f"Member {number}", by=None, at=at)
        people.join(person=person, group=found, by=None, at=at)
        made.append(Person.objects.get(pk=person.pk))
    return made


def slot_of_many(initiative: Initiative, quorum: int) -> Slot:
    """Its compliance slot, which so many members have to sign."""
    slots = Slot.objects.filter(review__initiative=initiative, key="compliance")
    slots.update(quorum=quorum)
    return slots.select_related("review").get()
