"""The people of the demo portfolio's invented company, an insurer, offered on its sign-in page."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Person

COMPANY = "Halden Mutual"


@dataclass(frozen=True)
class Persona:
    """Somebody one can be in the demo, and what one can do as them."""

    email: str
    name: str
    title: str
    says: str


LEAD = Persona(
    email="ingrid.vale@halden.example",
    name="Ingrid Vale",
    title="Chief technology officer, portfolio lead",
    says="See the whole portfolio and decide what is due",
)
BUSINESS_OWNER = Persona(
    email="tomas.berger@halden.example",
    name="Tomas Berger",
    title="Head of claims, business owner",
    says="Record what a pilot has shown, ask for signatures",
)
ENGINEERING_OWNER = Persona(
    email="priya.nair@halden.example",
    name="Priya Nair",
    title="Lead engineer, engineering owner",
    says="Accept a role, fill in evidence, sign for engineering",
)
SECURITY = Persona(
    email="samuel.okoye@halden.example",
    name="Samuel Okoye",
    title="Information security officer",
    says="Read one page and sign, or refuse, for security",
)
COMPLIANCE = Persona(
    email="helene.marchand@halden.example",
    name="Hélène Marchand",
    title="Compliance counsel",
    says="Confirm the triage, sign for legal and compliance",
)

AUDITOR = Persona(
    email="beatrix.lund@halden.example",
    name="Beatrix Lund",
    title="Internal auditor",
    says="Trace each decision to its evidence, verify the log",
)
ADMINISTRATOR = Persona(
    email="niamh.corrigan@halden.example",
    name="Niamh Corrigan",
    title="IT service manager, administrator",
    says="Look after people, groups and units",
)

DEMO_PERSONAS = (
    LEAD,
    BUSINESS_OWNER,
    ENGINEERING_OWNER,
    SECURITY,
    COMPLIANCE,
    AUDITOR,
    ADMINISTRATOR,
)


def offered() -> tuple[Persona, ...]:
    """Those of the personas who are in the database and may sign in."""
    emails = [persona.email for persona in DEMO_PERSONAS]
    there = set(
        Person.objects.filter(email__in=emails, is_active=True).values_list("email", flat=True)
    )
    return tuple(persona for persona in DEMO_PERSONAS if persona.email in there)
