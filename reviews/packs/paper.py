"""A decision pack on paper: what a board reads before the meeting, or an auditor after it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from audit.models import Event
from initiatives.models import Obligation
from initiatives.stages import Gate
from reviews.gates import Judged
from reviews.models import Decision, SignOff
from reviews.packs.contents import Pack, Signed

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table it leaves out

FONT = "Source Sans"
STYLES = {"": "Regular", "B": "Semibold", "I": "It"}
INK, MUTED, RULE, TINT = (27, 33, 40), (96, 106, 118), (205, 211, 218), (243, 245, 247)

MARGIN = 20  # millimetres
EVENTS = {
    "review.requested": "Review asked for, evidence frozen",
    "review.evidence_changed": "Evidence changed",
    "review.signed": "Signature",
    "review.handed_on": "Signature handed on",
    "review.acting_appointed": "Acting holder appointed",
    "review.delegation_ended": "Standing in ended",
    "review.question_asked": "Question",
    "review.question_answered": "Answer",
    "review.withdrawn": "Request withdrawn",
    "review.exported": "Decision pack taken away",
    "override.asked": "Override asked for",
    "override.countersigned": "Override signed",
    "override.declined": "Override refused or taken back",
    "override.regularised": "Override over: what it set aside is met",
    "override.ended": "Override ended",
    "decision.made": "Decision",
}


def as_pdf(pack: Pack) -> bytes:
    """The pack as a PDF file, dated when it was taken."""
    paper = Paper(pack)
    paper.add_page()
    for write in SECTIONS:
        write(paper, pack)
    return bytes(paper.output())


class Paper(FPDF):
    """A4 with the pack's name and its page numbers at the foot."""

    def __init__(self, pack: Pack) -> None:
        super().__init__(format="A4")
        gate = pack.review.get_gate_display()
        self.of = f"{pack.review.initiative.reference} · {gate} review"
        self.set_title(f"{self.of}: {pack.review.initiative.name}")
        self.set_author(settings.ORGANISATION)
        self.set_creator("Gatehouse")
        self.set_lang("en-GB")
        self.set_creation_date(pack.taken_at)
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=MARGIN)
        self._add_fonts()

    def _add_fonts(self) -> None:
        """The font's own package, then what this machine has for other scripts."""
        folder = files("font_source_sans_pro") / "files"
        for style, name in STYLES.items():
            self.add_font(FONT, style, str(folder / f"SourceSansPro-{name}.ttf"))
        fallbacks = [path for path in settings.PDF_FALLBACK_FONTS if Path(path).is_file()]
        for number, path in enumerate(fallbacks):
            self.add_font(f"fallback{number}", "", path)
        if fallbacks:
            names = [f"fallback{number}" for number in range(len(fallbacks))]
            self.set_fallback_fonts(names, exact_match=False)

    @property
    def unprintable(self) -> str:
        """What was to be written and has no letter in any of the fonts."""
        missing = (getattr(font, "missing_glyphs", ()) for font in self.fonts.values())
        return "".join(sorted({chr(code) for codes in missing for code in codes}))

    def footer(self) -> None:
        self.set_y(-14)
        self.face(8, MUTED)
        self.cell(0, 5, settings.ORGANISATION)
        self.set_x(MARGIN)
        self.cell(0, 5, f"{self.of} · page {self.page_no()} of {{nb}}", align="R")

    def face(self, size: float, ink: Sequence[int] = INK, style: str = "") -> None:
        self.set_font(FONT, style, size)
        self.set_text_color(*ink)

    def say(
        self,
        text: str,
        *,
        size: float = 10.5,
        ink: Sequence[int] = INK,
        style: str = "",
        after: float = 1.5,
    ) -> None:
        """A paragraph, and the space beneath it in millimetres."""
        self.face(size, ink, style)
        self.multi_cell(0, size * 0.46, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(after)

    def heading(self, text: str) -> None:
        """A heading that is not left alone at the foot of a page."""
        if self.will_page_break(32):
            self.add_page()
        self.ln(4)
        self.say(text, size=13, style="B", after=2)

    def rows(
        self,
        headings: Sequence[str],
        rows: Iterable[Sequence[str]],
        widths: Sequence[int],
        size: float = 9,
    ) -> None:
        """A table whose headings are repeated on each page."""
        self.face(size)
        self.set_draw_color(*RULE)
        head = FontFace(emphasis="BOLD", color=MUTED, fill_color=TINT)
        with self.table(
            col_widths=tuple(widths),
            headings_style=head,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            line_height=4.4,
            padding=(1.4, 1.5),
            text_align="LEFT",
            v_align="TOP",
        ) as table:
            for row in (headings, *rows):
                table.row(tuple(row))
        self.ln(2)


def _day(value: date) -> str:
    return f"{value:%-d %b %Y}"


def _moment(value: datetime) -> str:
    """In the organisation's time zone, as pages say it."""
    return f"{timezone.localtime(value):%-d %b %Y, %H:%M}"


def _time(value: datetime) -> str:
    return f"{timezone.localtime(value):%H:%M}"


def _title(paper: Paper, pack: Pack) -> None:
    row = pack.review.initiative
    unit = f" · {row.unit.name}" if row.unit else ""
    paper.say(f"Decision pack · {row.reference}{unit}", size=9.5, ink=MUTED)
    paper.say(row.name, size=22, style="B", after=1)
    paper.say(_what_it_is(pack), size=11, ink=MUTED, after=4)
    paper.set_draw_color(*RULE)
    paper.line(MARGIN, paper.get_y(), paper.w - MARGIN, paper.get_y())
    paper.ln(4)
    paper.say(pack.standing.statement, size=14.5, after=2)
    if pack.standing.worth:
        paper.say(f"One unit is worth: {pack.standing.worth}", ink=MUTED)


def _what_it_is(pack: Pack) -> str:
    review = pack.review
    level = review.initiative.get_level_display().lower()
    if review.closed_at is None:
        asked = _day(timezone.localdate(review.opened_at))
        how = f"open, asked for on {asked}, due {_day(review.due_date)}"
    else:
        closed = _day(timezone.localdate(review.closed_at))
        how = f"{review.get_closing_display().lower()} on {closed}"
    return f"{review.get_gate_display()} review, {level} control level: {how}"


def _decision(paper: Paper, pack: Pack) -> None:
    paper.heading("Decision")
    decision = pack.decision
    if decision is None:
        _undecided(paper, pack)
        return
    paper.say(_decided(decision), style="B", size=12)
    paper.say(f"{decision.decided_by.name} decided on {_moment(decision.decided_at)}.", ink=MUTED)
    paper.say(f"Why: {decision.reason}")
    if decision.lesson:
        paper.say(f"Lesson: {decision.lesson}")


def _decided(decision: Decision) -> str:
    said = str(decision.get_kind_display())
    if decision.days is not None:
        said = f"{said} by {decision.days} days"
    if decision.to_stage != decision.from_stage:
        said = (
            f"{said}: from {decision.get_from_stage_display()} to {decision.get_to_stage_display()}"
        )
    return f"{said} ({decision.get_outcome_display()})" if decision.outcome else said


def _undecided(paper: Paper, pack: Pack) -> None:
    review = pack.review
    if review.closed_at is not None:
        paper.say("It was closed without a decision on it.")
        return
    lacking = pack.standing.lacking()
    paper.say("Not decided yet." + ("" if lacking else " Nothing is missing."))
    if lacking:
        paper.say("To advance it still lacks:")
        _listed(paper, lacking)


def _listed(paper: Paper, lines: Iterable[str]) -> None:
    for line in lines:
        paper.say(f"–  {line}", after=0.6)
    paper.ln(1)


def _result(paper: Paper, pack: Pack) -> None:
    """The result, and beneath it the conditions it was reached under (product.md §3)."""
    results = pack.standing.results if pack.review.gate != Gate.CHARTER else []
    if not results:
        return
    paper.heading("Result")
    for said in results:
        paper.say(said)
    for answer in pack.standing.conditions:
        if answer.rows:
            cells = [[cell for _, cell in row] for row in answer.rows]
            paper.rows(answer.headings, cells, [1] * len(answer.headings))
        elif answer.text:
            paper.say(f"{answer.question} {answer.text}", ink=MUTED)


def _proposed(paper: Paper, pack: Pack) -> None:
    """The charter that a re-baseline proposes, beside the one that was in force."""
    if pack.review.baseline is None:
        return
    paper.heading("What it changes in the charter")
    paper.say(f"Why: {pack.review.baseline.reason}")
    paper.rows(("What", "In force", "Proposed"), pack.proposed(), (3, 4, 4))


def _changed(paper: Paper, pack: Pack) -> None:
    """Old beside new: every re-baseline by its day (product.md P29), what else is not what it was
    last time, and what is not what it was when the review was asked for."""
    for found in pack.rebaselines:
        paper.heading(f"Re-baselined on {_day(timezone.localdate(found.version.since))}")
        if found.version.decided_by:
            paper.say(f"{found.version.decided_by} decided so.", ink=MUTED)
        paper.say(f"Why: {found.version.reason}")
        paper.rows(("What", "Before", "Since then"), found.changes, (3, 4, 4))
    if changed := [(c.what, c.before, c.after) for c in pack.since.changes if not c.note]:
        paper.heading("What changed since last time")
        paper.rows(("What", "Before", "Now"), changed, (3, 4, 4))
    if changes := pack.changes():
        paper.heading("What changed after it was asked for")
        paper.rows(("What", "Before", "Now"), changes, (3, 4, 4))


def _overrides(paper: Paper, pack: Pack) -> None:
    """What two people set aside, until when and why (product.md §4, Override)."""
    signed = [o for o in pack.standing.overrides if o.is_signed]
    if not signed:
        return
    paper.heading("Overridden")
    for override in signed:
        assert override.countersigned_by is not None
        until = f"until {_day(override.expires_on)}"
        paper.say(f"{pack.standing.titles_of(override)}, {until}", style="B")
        both = f"{override.asked_by.name} and {override.countersigned_by.name}"
        paper.say(f"By {both}, because: {override.reason}")


def _questions(paper: Paper, pack: Pack) -> None:
    """What was asked before signing, and the answers."""
    if not pack.questions:
        return
    paper.heading("Questions")
    for question in pack.questions:
        paper.say(f"{question.asked_by.name} asked {question.asked_of.name}", ink=MUTED, after=0)
        paper.say(question.text)
        if question.answered_by is None:
            paper.say("Not answered.", style="B")
        else:
            paper.say(f"{question.answered_by.name} answered", ink=MUTED, after=0)
            paper.say(question.answer)


def _signatures(paper: Paper, pack: Pack) -> None:
    paper.heading("Signatures")
    rows = [_signed(signed) for signed in pack.signatures]
    filled = {signed.row.slot_id for signed in pack.signatures}
    missing = [s.slot for s in pack.standing.slots if s.slot.pk not in filled]
    rows += [(slot.title, "Nobody has signed.", "", "") for slot in missing]
    if rows:
        paper.rows(("As", "Who and when", "Verdict and comment", "Meaning"), rows, (3, 4, 4, 5))
    else:
        paper.say("None was asked for.")


def _signed(signed: Signed) -> tuple[str, str, str, str]:
    row = signed.row
    proof = f"proved by {row.authentication_method} at {_time(row.authenticated_at)}"
    place = f"Audit log no. {signed.event.seq:,}"
    behalf = f", on behalf of {row.on_behalf_of.name}" if row.on_behalf_of else ""
    return (
        row.slot.title,
        f"{row.printed_name}{behalf}\n{_moment(row.signed_at)}\n{proof}\n{place}",
        "\n".join(_verdict(signed)),
        row.meaning,
    )


def _verdict(signed: Signed) -> Iterator[str]:
    """What was said, on which evidence, and what it depends on."""
    row = signed.row
    verdict = str(row.get_verdict_display())
    yield verdict if signed.is_live else f"{verdict}, on earlier evidence"
    if row.comment:
        yield f"“{row.comment}”"
    if row.verdict == SignOff.Verdict.CONDITIONAL:
        for condition in row.conditions.all():
            yield _condition(condition)


def _condition(owed: Obligation) -> str:
    said = f"If: {owed.what} ({owed.assignee.name}, by {_day(owed.due_date)}"
    if owed.confirmed_at is not None:
        said += f"; done {_day(timezone.localdate(owed.confirmed_at))}"
    if owed.is_missed(timezone.localdate()):
        said += ", too late" if owed.confirmed_at else "; not done by then"
    return f"{said})"


def _promised(paper: Paper, pack: Pack) -> None:
    paper.heading("What was promised")
    for label, text in pack.standing.promised():
        paper.say(label, size=9, ink=MUTED, after=0)
        paper.say(text)
    if conditions := pack.standing.kill_conditions:
        paper.say("Kill conditions", size=9, ink=MUTED, after=0)
        _listed(paper, (f"{sentence}." for sentence in conditions))


def _points(paper: Paper, pack: Pack) -> None:
    review = pack.review
    what = "gate" if review.gate in Gate.values else "review"
    paper.heading(f"The points of the {review.get_gate_display().lower()} {what}")
    rows = [
        (
            judged.criterion.title,
            _verdict_word(judged, pack),
            judged.verdict.reason,
        )
        for judged in pack.standing.judged
    ]
    if rows:
        paper.rows(("What is asked", "Verdict", "Why"), rows, (5, 2, 7))
    else:
        paper.say("No verdict was kept with it.")


def _verdict_word(judged: Judged, pack: Pack) -> str:
    if judged.not_applicable:
        return "Not applicable"
    if judged.is_met:
        return "Met"
    return "Overridden" if judged.criterion.key in pack.set_aside else "Open"


def _evidence(paper: Paper, pack: Pack) -> None:
    """What the signatures name, by digest."""
    paper.heading("Evidence")
    review = pack.review
    paper.say(f"Policy version {review.policy.version}. Evidence by its SHA-256:")
    same = review.requested_snapshot_id == pack.standing.digest
    what = "decided on" if pack.decision else "as it stands"
    rows = [(f"Asked about and {what}" if same else "Asked about", review.requested_snapshot_id)]
    if not same:
        rows.append((what.capitalize(), pack.standing.digest))
    paper.rows(("Evidence", "Digest"), rows, (3, 8))


def _positions(paper: Paper, pack: Pack) -> None:
    """Where each act stands in the audit log; receipts that signers hold say the same."""
    paper.heading("In the audit log")
    rows = [(f"{event.seq:,}", _told(event, pack), event.hash) for event in pack.events]
    paper.rows(("No.", "What happened", "Hash"), rows, (2, 9, 17), size=7.5)
    paper.say(
        "The JSON form of this pack can be checked without Gatehouse, with tools/verify_pack.py. "
        "Compare these numbers and hashes with the receipts that signers hold.",
        size=9,
        ink=MUTED,
    )
    if paper.unprintable:
        paper.say(
            f"{len(paper.unprintable)} characters of names or texts are left out above, because "
            "this server has no font for them; the JSON form has them all.",
            size=9,
            style="B",
        )


def _told(event: Event, pack: Pack) -> str:
    what = EVENTS.get(event.kind, event.kind)
    who = pack.people.get(event.actor_id or 0, "")
    return f"{what}{f', {who}' if who else ''}, {_moment(event.at)}"


# In the order of a board's questions.
SECTIONS: tuple[Callable[[Paper, Pack], None], ...] = (
    _title,
    _decision,
    _proposed,
    _result,
    _changed,
    _overrides,
    _signatures,
    _questions,
    _promised,
    _points,
    _evidence,
    _positions,
)
