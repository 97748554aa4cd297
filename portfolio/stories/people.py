"""Who works at Halden Mutual: the personas, their colleagues, the units and the signing groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cached_property

from django.utils import timezone

from accounts.models import Group, Person, Unit
from portfolio import personas
from reviews import queries as reviewed
from reviews.policy import Criterion, Policy

# Each with its head; a dash leads to the unit above it.
UNITS = {
    "Claims": "tomas.berger",
    "Customer service": "lena.fisk",
    "Underwriting": "oskar.lind",
    "Operations": "martin.holt",
    "Human resources": "petra.novak",
    "Life and disability": "grace.mensah",
    "Sales and brokers": "sofia.marin",
    "Finance and actuarial": "anders.holm",
    "Information technology": "yusuf.arslan",
}
MEMBERS = {
    "Claims": ("tomas.berger",),
    "Customer service": ("lena.fisk", "amara.diallo"),
    "Underwriting": ("oskar.lind",),
    "Operations": ("martin.holt", "viktor.salo", "bram.dekker"),
    "Human resources": ("petra.novak",),
    "Life and disability": ("grace.mensah",),
    "Sales and brokers": ("sofia.marin",),
    "Finance and actuarial": ("anders.holm", "mei.tanaka"),
    "Information technology": (
        "ingrid.vale", "priya.nair", "samuel.okoye", "niamh.corrigan", "joao.prates",
        "ruth.adeyemi", "dario.conti", "yusuf.arslan", "leo.fontaine", "iris.chen", "clara.weiss",
    ),
}  # fmt: skip
ABOVE = {"Information technology": "Operations", "Human resources": "Operations"}

# Colleagues whom one cannot sign in as from the sign-in page; owners and signers have to differ.
COLLEAGUES = {
    "martin.holt": ("Martin Holt", "Chief operating officer"),
    "lena.fisk": ("Lena Fisk", "Head of customer service"),
    "joao.prates": ("João Prates", "Machine learning engineer"),
    "ruth.adeyemi": ("Ruth Adeyemi", "Platform operations lead"),
    "oskar.lind": ("Oskar Lind", "Head of underwriting"),
    "mei.tanaka": ("Mei Tanaka", "Finance controller"),
    "dario.conti": ("Dario Conti", "Data engineer"),
    "petra.novak": ("Petra Novák", "Head of human resources"),
    "grace.mensah": ("Grace Mensah", "Head of life and disability claims"),
    "sofia.marin": ("Sofía Marín", "Head of broker sales"),
    "anders.holm": ("Anders Holm", "Chief actuary"),
    "yusuf.arslan": ("Yusuf Arslan", "Head of infrastructure"),
    "leo.fontaine": ("Léo Fontaine", "Data scientist"),
    "iris.chen": ("Iris Chen", "Site reliability engineer"),
    "clara.weiss": ("Clara Weiss", "Security architect"),
    "edmund.rowe": ("Edmund Rowe", "Data protection counsel"),
    "viktor.salo": ("Viktor Salo", "Finance partner, change programme"),
    "amara.diallo": ("Amara Diallo", "Complaints manager"),
    "bram.dekker": ("Bram Dekker", "Facilities manager"),
}
GROUPS = {
    Group.LEADS: ("ingrid.vale", "martin.holt"),
    Group.SECURITY: ("samuel.okoye", "clara.weiss"),
    Group.COMPLIANCE: ("helene.marchand", "edmund.rowe"),
    Group.FINANCE: ("mei.tanaka", "viktor.salo"),
    Group.OPERATIONS: ("ruth.adeyemi", "yusuf.arslan"),
    Group.AUDITORS: ("beatrix.lund",),
    Group.ADMINISTRATORS: ("niamh.corrigan",),
}
LEAVER, LEFT_DAYS_AGO = "dario.conti", 3
HIRED = timedelta(days=800)
MORNING, EVENING = time(6, 15), time(17)
WORKING_HOURS = timedelta(hours=9)


def everybody() -> list[tuple[str, str, str]]:
    """E-mail, name and title of all of them."""
    offered = [(p.email, p.name, p.title) for p in personas.DEMO_PERSONAS]
    return offered + [(f"{key}@halden.example", *said) for key, said in COLLEAGUES.items()]


@dataclass
class Cast:
    """Who is there to act, by the part of their address before the @, and on which day."""

    now: datetime
    people: dict[str, Person] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)

    @property
    def administrator(self) -> Person:
        return self.people[GROUPS[Group.ADMINISTRATORS][0]]

    @property
    def lead(self) -> Person:
        return self.people[GROUPS[Group.LEADS][0]]

    @cached_property
    def policy(self) -> Policy:
        """The one in force: nobody publishes another while the stories are told."""
        return reviewed.current_policy()

    @cached_property
    def asked(self) -> dict[str, Criterion]:
        """What the policy asks, by key."""
        gates = self.policy.gates.values()
        return {criterion.key: criterion for gate in gates for criterion in gate.criteria}

    def moment(self, days_ago: float) -> datetime:
        """So many days ago, within working hours: half a day more is noon instead of evening."""
        whole = int(days_ago)
        if whole == 0:
            return self.now - timedelta(hours=days_ago)
        return self.on(whole, EVENING) - (days_ago - whole) * WORKING_HOURS

    def on(self, days_ago: int, clock: time) -> datetime:
        day = timezone.localdate(self.now) - timedelta(days=days_ago)
        return timezone.make_aware(datetime.combine(day, clock))
