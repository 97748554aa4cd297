"""The table, in Markdown that is readable as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from tests.bench.rounds import REQUESTS, Timings

BEGIN, END = "<!-- table: written by ./script/bench -->", "<!-- end of the table -->"
# At most this many times reference b, and queries, today; in the end less, where it says so.
MOST, MOST_QUERIES = 2.0, 12
TARGETS = {"list": 0.7, "search": 0.9, "facet": 0.9, "dashboard": 0.5, "initiative": 0.5}
QUERIES = {"list": 8, "dashboard": 6, "initiative": 10}
PAGES = {
    "list": "list, 100 rows, whole page",
    "search": "search, two words",
    "facet": "facets stage and flag",
    "dashboard": "dashboard, nothing has happened since",
    "brief": "dashboard, a row that is opened",
    "initiative": "initiative page",
    "tab history": "tab: history",
    "tab findings": "tab: evaluations and questions",
    "tab evidence": "tab: evidence",
    "tab costs": "tab: costs",
    "tab decisions": "tab: reviews and decisions",
    "review": "review, to be signed",
    "my work": "my work, of a signer",
    "attention": "attention",
    "blockers": "blockers",
    "triage queue": "triages to confirm",
    "register": "register",
    "import": "import, a file is asked for",
    "import source": "import, source of 200 rows",
    "import columns": "import, columns of 200 rows",
    "import preview": "import, preview of 200 rows",
}
CHANGES = {
    "dashboard, measured": ("dashboard, after a measurement", MOST),
    "dashboard, owned": ("dashboard, after an owner left", None),
    "dashboard, decided": ("dashboard, after a decision", None),
}


class Line(NamedTuple):
    """One measurement beside what it has to be now, and later; `fits` says whether it is what it
    has to be now, None where nothing is asked."""

    what: str
    measured: str
    now: str
    later: str
    fits: bool | None


def of(figures: dict[str, Any]) -> str:
    """Compose the table of a whole run."""
    parts = (
        _pages(figures),
        _changes(figures["timings"]),
        _scale(figures),
        _export(figures),
        _writes(figures),
    )
    lines = [line for part in parts for line in part]
    heading = ["what", "measured", "target now", "target later", "met now"]
    rows = [heading, *([*line[:4], _stands(line.fits)] for line in lines)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heading))]
    rows.insert(1, ["-" * width for width in widths])
    drawn = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return "\n".join([_preface(figures), "", *drawn, "", _references(figures)])


def _stands(fits: bool | None) -> str:
    return {None: "", True: "yes", False: "NO"}[fits]


def _preface(figures: dict[str, Any]) -> str:
    made = figures["generated"]
    return (
        f"{date.today():%-d %B %Y}: {figures['initiatives']:,} initiatives with "
        f"{made['measurements']:,} measurements and {made['events']:,} events, generated in "
        f"{made['seconds']:.0f} s, {made['mebibytes']:,.0f} MiB; {figures['rounds']} rounds; the "
        f"whole run took {figures['minutes']:.1f} min."
    )


def _pages(figures: dict[str, Any]) -> Iterator[Line]:
    small, large = figures["counts"].values()
    for name, what in PAGES.items():
        ratio = figures["timings"].ratio(name, "b")
        measured = f"{_times(figures['timings'], name, 'b')}, {_queries(small[name], large[name])}"
        fits = ratio <= MOST and _are_few(small[name], large[name])
        later = [f"≤ {TARGETS[name]:g} b"] if name in TARGETS else []
        later += [f"≤ {QUERIES[name]} queries"] if name in QUERIES else []
        now = f"≤ {MOST:g} b, ≤ {MOST_QUERIES} queries"
        yield Line(what, measured, now, ", ".join(later), fits)


def _queries(small: int | None, large: int | None) -> str:
    if large is None:
        return "the page fails"
    return f"{large} queries" if small == large else f"{large} queries, {small} at 2,000"


def _are_few(small: int | None, large: int | None) -> bool:
    """And no more where there are more initiatives."""
    return small is not None and large is not None and large <= min(small, MOST_QUERIES)


def _times(timings: Timings, name: str, to: str, unit: str = "b") -> str:
    return f"{timings.ratio(name, to):.2f} {unit} ({timings.milliseconds(name):.1f} ms)"


def _changes(timings: Timings) -> Iterator[Line]:
    for name, (what, most) in CHANGES.items():
        b = name.replace("dashboard", "b")
        bound = f"≤ {most:g} b" if most else ""
        fits = timings.ratio(name, b) <= most if most else None
        yield Line(what, _times(timings, name, b), bound, bound, fits)


def _scale(figures: dict[str, Any]) -> Iterator[Line]:
    ratio = figures["timings"].ratio("list", "small list")
    yield Line("list, against the list of 2,000", f"{ratio:.2f} ×", "", "≤ 1.1 ×", None)
    crowd: Timings = figures["crowd"]
    rate = 1 / crowd.ratio("list", "b")
    measured = f"{rate:.2f} × b's ({REQUESTS * 1000 / crowd.milliseconds('list'):.0f} a second)"
    yield Line("list, requests a second, eight at a time", measured, "", "≥ 1.3 × b's", None)


def _export(figures: dict[str, Any]) -> Iterator[Line]:
    what = f"CSV of all {figures['initiatives']:,}"
    exports: Timings = figures["exports"]
    yield Line(what, _times(exports, "export", "copy", "× copy"), "", "≤ 3 × copy", None)
    growth = figures["growth"]
    yield Line(
        "CSV of all, memory of a worker",
        f"+ {growth:.1f} MiB",
        "+ ≤ 20 MiB",
        "+ ≤ 20 MiB",
        growth <= 20,
    )


def _writes(figures: dict[str, Any]) -> Iterator[Line]:
    due = figures["newly_due"]
    yield from _sweeps(figures["initiatives"], figures["sweep"], most=5)
    if wide := figures["wide"]:
        yield from _sweeps(wide["initiatives"], wide, most=15)
    yield from _judging(figures["judging"])
    yield Line(
        f"find and flag {due['due']:,} newly due",
        f"{due['ratio']:.1f} × claim, {due['queries']} queries",
        "≤ 5 queries",
        "≤ 3 × claim",
        due["queries"] <= 5,
    )
    yield from _import(figures["import"])
    sent = figures["mails"]
    measured = f"{sent['ratio']:.2f} × mail ({sent['seconds']:.1f} s), "
    measured += f"{sent['queries']:.1f} queries a mail"
    yield Line(f"{sent['sent']:,} mails", measured, "", "≤ 1.3 × mail", None)
    memory = figures["memory"]
    ratio = memory["product"] / memory["reference"]
    measured = f"{ratio:.1f} × ({memory['product']:.0f} MiB)"
    yield Line("memory of a worker", measured, "", "≤ 2 × the reference", None)


def _sweeps(initiatives: int, swept: dict[str, Any], *, most: int) -> Iterator[Line]:
    """Three sweeps; each has to be over within so many seconds."""
    whats = (
        f"first sweep of {initiatives:,}",
        "next sweep, nothing new",
        f"sweep with {swept['due']:,} newly due, {swept['flags']:,} flags",
    )
    for what, run in zip(whats, swept["runs"], strict=True):
        measured = f"{run['seconds']:.2f} s, {run['queries']} queries"
        yield Line(what, measured, f"< {most} s", "", run["seconds"] < most)
    rules, seconds = swept["rules"], swept["seconds_of_rules"]
    worst, slowest = max(rules, key=rules.__getitem__), max(seconds, key=seconds.__getitem__)
    measured = f"{rules[worst]} ({worst})"
    yield Line("queries per rule and part, the most", measured, "≤ 5", "", rules[worst] <= 5)
    median_ = median(seconds.values()) / swept["claim"]
    measured = f"{median_:.1f} × claim, at most {seconds[slowest] / swept['claim']:.0f} ({slowest})"
    yield Line("a rule, with those newly due", measured, "", "", None)
    yield Line("memory that three sweeps take", f"+ {swept['memory']:.0f} MiB", "", "", None)


def _judging(judged: dict[str, Any]) -> Iterator[Line]:
    """What the tick takes that keeps what holds initiatives back; it works in slices."""
    whats = (
        f"first pass of blockers, {judged['spells']:,} found",
        "next tick, nothing new",
        "tick after 100 measurements",
        "pass of a new day",
    )
    for what, seconds, queries in zip(whats, judged["seconds"], judged["queries"], strict=True):
        yield Line(what, f"{seconds:.2f} s, {queries} queries", "", "", None)


def _import(imported: dict[str, Any]) -> Iterator[Line]:
    count, ratio = imported["queries"], imported["ratio"]
    yield Line("queries to import 2,000 rows", f"{count:.0f}", "≤ 60", "≤ 30", count <= 60)
    measured = f"{ratio:.0f} × copy-in ({imported['seconds']:.2f} s)"
    yield Line("import of 2,000 rows", measured, "", "≤ 40 × copy-in", None)


def _references(figures: dict[str, Any]) -> str:
    timings: Timings = figures["timings"]
    said = [f"{n} {timings.milliseconds(n):.2f} ms" for n in ("a", "b", "b2", "c")]
    said.append(f"copy {figures['exports'].milliseconds('copy'):.1f} ms")
    said.append(f"mail {figures['mails']['reference']:.2f} s")
    return f"References in this run: {', '.join(said)}."


def write(file: Path, text: str) -> None:
    """Put the table between its marks, and leave the rest of the page as it is."""
    page = file.read_text()
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{file} has no place for the table: {BEGIN} … {END}")
    file.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
