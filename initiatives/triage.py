"""From eight yes/no answers to how much a gate asks (product.md §3, Proportion)."""

from collections.abc import Mapping

from django.db import models


class Level(models.TextChoices):
    """The control level: how much a gate asks."""

    LIGHT = "light", "Light"
    STANDARD = "standard", "Standard"
    FULL = "full", "Full"


class LegalClass(models.TextChoices):
    """Classes as the EU AI Act (Regulation 2024/1689) names them."""

    MINIMAL = "minimal", "Minimal risk"
    LIMITED = "limited", "Limited risk"
    HIGH = "high", "High risk"
    PROHIBITED = "prohibited", "Prohibited"


QUESTIONS: dict[str, str] = {
    "decides_about_people": "Does it decide, or help decide, about people?",
    "talks_to_public": "Does it talk to the public?",
    "personal_data": "Does it use personal data?",
    "confidential_data_leaves": "Does confidential data leave the organisation?",
    "acts_without_approval": "Does it act without a person's approval?",
    "affects_employees": "Does it affect employees?",
    "safety_or_regulated": "Is it used in a safety-related or regulated activity?",
    "bought": "Is it bought rather than built?",
}
RISKS = tuple(QUESTIONS)[:7]
LIGHT_PILOT_BUDGET = 25_000
LIGHT_MONTHLY_COST = 1_000
RISKS_THAT_MAKE_IT_FULL = 3


def legal_class(answers: Mapping[str, bool | None]) -> LegalClass:
    """Propose a legal class; compliance confirms it. Prohibited is never proposed by machine."""
    if answers["decides_about_people"] or answers["safety_or_regulated"]:
        return LegalClass.HIGH
    if answers["talks_to_public"]:
        return LegalClass.LIMITED
    return LegalClass.MINIMAL


def level(
    answers: Mapping[str, bool | None], *, pilot_budget: int | None, monthly_cost: int | None
) -> Level:
    """Compute the control level; unanswered questions are taken for neither yes nor no.

    Light needs all seven answered no and both amounts known and small; full is the high class
    or three of the seven.
    """
    yes = sum(bool(answers[question]) for question in RISKS)
    if legal_class(answers) is LegalClass.HIGH or yes >= RISKS_THAT_MAKE_IT_FULL:
        return Level.FULL
    answered = all(answers[question] is not None for question in RISKS)
    cheap = (
        pilot_budget is not None
        and pilot_budget < LIGHT_PILOT_BUDGET
        and monthly_cost is not None
        and monthly_cost < LIGHT_MONTHLY_COST
    )
    return Level.LIGHT if answered and not yes and cheap else Level.STANDARD
