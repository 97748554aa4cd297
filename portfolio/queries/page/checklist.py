"""The lines of a checklist, each with the link to the form that mends it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.urls import reverse

from reviews import gates
from reviews.checks import Mend


@dataclass(frozen=True)
class Item:
    """A line of the checklist with the link that mends it."""

    title: str
    is_met: bool
    reason: str
    blocking: bool
    url: str
    label: str
    aside: str  # where to say why it does not apply, for what is worked out
    is_overridden: bool = False

    @property
    def blocks(self) -> bool:
        return self.blocking and not self.is_met and not self.is_overridden

    @property
    def state(self) -> str:
        return "overridden" if self.is_overridden else ""


# Which form answers which part of a checklist: of the initiative, about one metric, role or
# criterion of it, and about a question or an obligation.
ABOUT = {
    "answer": ("reviews:answer", "Answer"),
    "ask": ("initiatives:ask", "Ask somebody"),
    "measure": ("initiatives:measure", "Measure it"),
    "change_metric": ("initiatives:change_metric", "Complete it"),
}


OF_PARTS = {
    "change_question": ("initiatives:change_question", "Plan it"),
    "close_question": ("initiatives:close_question", "Close it"),
    "obligation": ("initiatives:confirm_obligation", "Confirm it"),
}


MENDS = {
    "description": ("initiatives:edit", ("description",), "Describe it"),
    "process": ("initiatives:edit", ("process",), "Describe it"),
    "pilot_length": ("initiatives:edit", ("pilot-length",), "Change it"),
    "budget": ("initiatives:edit", ("budget",), "Set it"),
    "triage": ("initiatives:triage", (), "Answer"),
    "kill_condition": ("initiatives:kill_condition", (), "Agree on one"),
    "metric": ("initiatives:define_metric", (), "Define it"),
    "spend": ("initiatives:spend", (), "Record it"),
    "questions": ("initiatives:raise_question", (), "Add a question"),
    "evaluation_set": ("initiatives:describe_evaluation_set", (), "Describe it"),
    "evaluation": ("initiatives:record_run", (), "Record a run"),
    "messy": ("initiatives:record_messy_run", (), "Record a run"),
    "watch": ("initiatives:watch_metric", (), "Name who is paged"),
}


def item(judged: gates.Judged, pk: int, *, may_edit: bool) -> Item:
    """One criterion as a line of the checklist."""
    criterion = judged.criterion
    url, label = _mend(judged.mend, pk) if may_edit else ("", "")
    if judged.is_met and not criterion.is_answered:
        url, label = "", ""
    elif judged.is_met:
        label = "Change" if label else ""
    aside = reverse("reviews:answer", args=[pk, criterion.key]) if may_edit else ""
    if judged.not_applicable:
        url, label, aside = aside, "Change" if aside else "", ""
    elif judged.is_met or criterion.is_answered or not criterion.takes_an_answer:
        aside = ""
    return Item(
        criterion.title, judged.is_met, judged.verdict.reason, criterion.blocking, url, label, aside
    )


def overridden(item: Item, aside: str | None) -> Item:
    """The line, with what an override in force says about it where one sets it aside."""
    if aside is None or item.is_met:
        return item
    return replace(item, reason=f"{item.reason} {aside}", is_overridden=True)


def _mend(mend: Mend, pk: int) -> tuple[str, str]:
    """Where to mend it, and in which words; nothing where no form does."""
    about = str(mend.about).replace("_", "-") if mend.form == "ask" else mend.about
    if mend.form == "owners":
        return "#owners", "See who"
    if mend.form in OF_PARTS:
        name, label = OF_PARTS[mend.form]
        return reverse(name, args=[about]), label
    if mend.form in ABOUT:
        name, label = ABOUT[mend.form]
        return reverse(name, args=[pk, about]), label
    if mend.form not in MENDS:
        return "", ""
    name, args, label = MENDS[mend.form]
    return reverse(name, args=[pk, *args]), label
