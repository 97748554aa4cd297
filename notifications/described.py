"""The page that lists all rules, docs/rules.md: written from the rules, their docstrings and the
ladders of the default policy."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from notifications.ladders import LADDERS, Step
from notifications.rules import RULES
from notifications.rules.finding import Rule
from reviews.policy import default_text, published
from reviews.policy.wording import listed

FILE = Path(__file__).resolve().parents[1] / "docs" / "rules.md"
HEAD = """# What deserves attention

Every five minutes the sweep computes these rules over the whole portfolio; each opens, updates and
closes its own flags, and nobody else does. The page **Attention** shows them by initiative, the
worst first. What was imported and is still quiet is flagged by none, nor is what is retired, but
for what stopping it left to be done.

The days are those of the [default policy](policy.md); the policy in force has its own. "Who hears"
says to whom a reminder goes and when, counted from the day the flag is about. What can wait is
mailed on working days, from seven in the morning: a step on a Saturday or Sunday goes with the mail
of the next working day, or with the last one before where the due date would be over by then.
Whoever comes into a role hears of what that role was told before. Signers are reminded three and
five working days after they were asked. Whoever is said to own something, or is asked to take over
what another owns, hears of it again after 3, 7 and 14 days of silence; after 17 the head of their
unit does, or whoever asked and the leads. Compliance hears once a day that triages are to be
confirmed, and the leads of what its owners say is dead.

This page is written by `./script/manage list_rules > docs/rules.md`, from the rules themselves
(`notifications/rules/`): a test compares them.
"""


def page() -> str:
    """All of it, as Markdown."""
    return "\n".join([HEAD, *(_section(rule) for rule in RULES.values())])


def _section(rule: Rule) -> str:
    said = " ".join((inspect.getdoc(rule.function) or "").split())
    lines = (
        f"## {rule.title}\n",
        f"`{rule.name}` · {rule.severity.label.lower()}\n",
        f"{said}\n",
        f"- **Closes when** {rule.closes_when}.",
        f"- **Who hears:** {_who_hears(rule)}.\n",
    )
    return "\n".join(lines)


def _who_hears(rule: Rule) -> str:
    ladder = published(default_text(), version=1).reminders
    steps = groupby(LADDERS[rule.reminds](ladder), key=_whom)
    said = [f"{listed(_when(step.days) for step in same)}: {whom}" for whom, same in steps]
    return "; ".join(said) or "nobody by mail"


def _when(days: int) -> str:
    """`14 days before`, `on the day`."""
    if days == 0:
        return "on the day"
    count = "1 day" if abs(days) == 1 else f"{abs(days)} days"
    return f"{count} {'before' if days < 0 else 'after'}"


def _whom(step: Step) -> str:
    """`the sponsor, or else the leads`."""
    return f"{listed(_people(step))}{', or else the leads' if step.or_leads else ''}"


def _people(step: Step) -> Iterator[str]:
    for role in step.roles:
        yield f"the {str(role.label).lower()}"
    if step.leads:
        yield "the leads"
    if step.assignee:
        yield "whoever it was given to"
