"""The table, in Markdown that is readable as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.rounds import Timings

BEGIN, END = "<!-- table: written by ./script/bench -->", "<!-- end of the table -->"
# At most this many times reference b in the end; today no page may need more than MOST.
MOST = 2.0
TARGETS = {
    "list": 0.7,
    "search": 0.9,
    "facet": 0.9,
    "dashboard": 0.5,
    "dashboard, measured": MOST,
    "dashboard, owned": None,
    "dashboard, decided": None,
    "initiative": 0.5,
}
QUERIES = {"list": 8, "dashboard": 6, "initiative": 10}
MOST_QUERIES = 12
LINES = {
    "list": "list, 100 rows, whole page",
    "search": "search, two words",
    "facet": "facets stage and flag",
    "dashboard": "dashboard, nothing has happened since",
    "dashboard, measured": "dashboard, after a measurement",
    "dashboard, owned": "dashboard, after an owner left",
    "dashboard, decided": "dashboard, after a decision",
    "initiative": "initiative page",
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
    timings: Timings = figures["timings"]
    lines = [*_pages(timings), *_scale(timings), *_queries(figures), *_writes(figures)]
    heading = ["what", "measured", "target now", "target later", "met now"]
    rows = [heading, *([*line[:4], _stands(line.fits)] for line in lines)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heading))]
    rows.insert(1, ["-" * width for width in widths])
    drawn = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return "\n".join([_preface(figures), "", *drawn, "", _references(timings)])


def _stands(fits: bool | None) -> str:
    return {None: "", True: "yes", False: "NO"}[fits]


def _preface(figures: dict[str, Any]) -> str:
    made = figures["generated"]
    return (
        f"{date.today():%-d %B %Y}: {figures['initiatives']:,} initiatives with "
        f"{made['measurements']:,} measurements and {made['events']:,} events, generated in "
        f"{made['seconds']:.0f} s; {figures['rounds']} rounds; the whole run took "
        f"{figures['minutes']:.1f} min."
    )


def _pages(timings: Timings) -> Iterator[Line]:
    for name, target in TARGETS.items():
        _, _, when = name.partition(", ")
        ratio = timings.ratio(name, f"b, {when}" if when else "b")
        measured = f"{ratio:.2f} b ({timings.milliseconds(name):.1f} ms)"
        if target is None:
            yield Line(LINES[name], measured, "", "", None)
        else:
            yield Line(LINES[name], measured, "≤ 2 b", f"≤ {target:g} b", ratio <= MOST)


def _scale(timings: Timings) -> Iterator[Line]:
    ratio = timings.ratio("list", "small list")
    yield Line("list, against the list of 2,000", f"{ratio:.2f} ×", "", "≤ 1.1 ×", None)


def _queries(figures: dict[str, Any]) -> Iterator[Line]:
    small, large = figures["counts"].values()
    for name, count in large.items():
        later = f"≤ {QUERIES[name]}" if name in QUERIES else ""
        same = small[name] == count
        measured = f"{count}" if same else f"{count}, and {small[name]} at 2,000"
        fits = count is not None and same and count <= MOST_QUERIES
        yield Line(
            f"queries: {name}",
            "the page fails" if count is None else measured,
            f"≤ {MOST_QUERIES}, equal",
            later,
            fits,
        )


def _writes(figures: dict[str, Any]) -> Iterator[Line]:
    swept, due = figures["sweep"], figures["newly_due"]
    first, again = swept["seconds"]
    queries = swept["queries"]
    yield Line(
        f"first sweep, {swept['flags']:,} flags",
        f"{first:.2f} s, {queries[0]} queries",
        "< 5 s",
        "",
        first < 5,
    )
    measured = f"{again:.2f} s, {queries[1]} queries"
    yield Line("next sweep, nothing new", measured, "< 5 s", "", again < 5)
    worst = max(swept["rules"], key=lambda name: swept["rules"][name])
    most = swept["rules"][worst]
    yield Line("queries per rule, the most", f"{most} ({worst})", "≤ 5", "", most <= 5)
    yield Line(
        f"find and flag {due['due']:,} newly due",
        f"{due['ratio']:.1f} × claim, {due['queries']} queries",
        "≤ 5 queries",
        "≤ 3 × claim",
        due["queries"] <= 5,
    )
    yield from _import(figures["import"])
    memory = figures["memory"]
    ratio = memory["product"] / memory["reference"]
    measured = f"{ratio:.1f} × ({memory['product']:.0f} MiB)"
    yield Line("memory of a worker", measured, "", "≤ 2 × the reference", None)


def _import(imported: dict[str, Any]) -> Iterator[Line]:
    count, ratio = imported["queries"], imported["ratio"]
    yield Line("queries to import 2,000 rows", f"{count:.0f}", "≤ 60", "≤ 30", count <= 60)
    measured = f"{ratio:.0f} × copy-in ({imported['seconds']:.2f} s)"
    yield Line("import of 2,000 rows", measured, "", "≤ 40 × copy-in", None)


def _references(timings: Timings) -> str:
    figures = ", ".join(f"{n} {timings.milliseconds(n):.2f} ms" for n in ("a", "b", "b2", "c"))
    return f"References in this run: {figures}."


def write(file: Path, text: str) -> None:
    """Put the table between its marks, and leave the rest of the page as it is."""
    page = file.read_text()
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{file} has no place for the table: {BEGIN} … {END}")
    file.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
