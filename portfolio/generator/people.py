"""The cast: units with heads, people, and the groups they are in."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from accounts.models import Group, Membership, Person, Unit
from portfolio.generator.world import GROUPS, LONG_AGO, World, store

PLACES = ("north", "south", "Iberia", "Nordics", "retail", "wholesale", "group-wide", "Leeds")
DEPARTMENTS = (
    "Claims", "Customer service", "Underwriting", "Operations", "Human resources", "Finance",
    "Legal", "Procurement", "Logistics", "Engineering", "Research", "Marketing",
)  # fmt: skip
FIRST = (
    "Ana", "Bo", "Chidi", "Dana", "Eva", "Farid", "Grete", "Hugo", "Ines", "Jun", "Kofi",
    "Lena", "Maya", "Nils", "Olga", "Pia", "Quim", "Rosa", "Sami", "Tove", "Uma", "Vera",
)  # fmt: skip
LAST = (
    "Abara", "Berg", "Conti", "Duarte", "Egger", "Fisk", "Gruber", "Holm", "Ito", "Jansen",
    "Kaur", "Lind", "Moreau", "Novak", "Okafor", "Prates", "Quist", "Ruiz", "Sato", "Tanaka",
)  # fmt: skip
TITLES = ("Analyst", "Engineer", "Head of department", "Product manager", "Team lead", "Director")


def make(world: World, count: int) -> None:
    """Units with heads, and people, of whom some have left and a few have come back."""
    known = {unit.name: unit for unit in Unit.objects.all()}
    names = [*DEPARTMENTS, *(f"{d}, {p}" for d in DEPARTMENTS[: count // 40] for p in PLACES[:4])]
    store(world, [Unit(name=name) for name in names if name not in known])
    world.units = list(Unit.objects.filter(name__in=names).order_by("name"))
    world.people = store(world, _new_people(world, count))
    for unit, head in zip(world.units, world.people, strict=False):
        unit.head = head
        unit.parent = next((u for u in world.units if unit.name.startswith(f"{u.name}, ")), None)
    Unit.objects.bulk_update(world.units, ["head", "parent"])
    world.groups = {group.key: group for group in Group.objects.all()}
    staff = iter(world.people)
    world.members = {key: [next(staff) for _ in range(n)] for key, n in GROUPS.items()}
    store(
        world,
        [
            Membership(person=person, group=world.groups[key], joined_at=world.ago(LONG_AGO))
            for key, members in world.members.items()
            for person in members
        ],
    )


def _new_people(world: World, count: int) -> Iterator[Person]:
    offset = Person.objects.count()
    staff = sum(GROUPS.values())
    for place in range(count):
        first, last = world.rng.choice(FIRST), world.rng.choice(LAST)
        person = Person(
            email=f"{first}.{last}.{offset + place}@generated.example".lower(),
            name=f"{first} {last}",
            title=world.rng.choice(TITLES),
            unit=world.rng.choice(world.units),
            is_active=place < staff or not world.happens(0.04),
            active_since=world.ago(
                20 if place >= staff and world.happens(0.02) else LONG_AGO + 100
            ),
        )
        # Leads can sign in where the demo has a password; nobody else has one.
        person.set_password(settings.DEMO_PASSWORD or None if place < GROUPS[Group.LEADS] else None)
        yield person
