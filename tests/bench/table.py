"""The table, in Markdown that is readable as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.rounds import Timings

BEGIN, END = "<!-- table: written by ./script/bench -->", "<!-- end of the table -->"
# At most this many times reference b, and this many queries (performance targets).
TARGETS = {"list": 0.7, "search": 0.9, "facet": 0.9, "dashboard": 0.5, "initiative": 0.5}
FLOOR = 2.0  # no page may need more than 2 b, whatever its target
QUERIES = {"list": 8, "dashboard": 6, "initiative": 10}
MOST_QUERIES = 12
LINES = {
    "list": "list, 100 rows, whole page",
    "search": "search, two words",
    "facet": "facets stage and flag",
    "dashboard": "dashboard",
    "initiative": "initiative page",
}


class Line(NamedTuple):
    """One measurement beside what it should be; `fits` is None where there is no target."""

    what: str
    measured: str
    target: str
    fits: bool | None


def of(figures: dict[str, Any]) -> str:
    """Compose the table of a whole run."""
    timings: Timings = figures["timings"]
    lines = [*_pages(timings), *_scale(timings), *_queries(figures), *_writes(figures)]
    heading = ["what", "measured", "target", "stands"]
    rows = [heading, *([*line[:3], _stands(line.fits)] for line in lines)]
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
        ratio = timings.ratio(name, "b")
        measured = f"{ratio:.2f} b ({timings.milliseconds(name):.1f} ms)"
        yield Line(LINES[name], measured, f"≤ {target} b (never over {FLOOR:g} b)", ratio <= target)


def _scale(timings: Timings) -> Iterator[Line]:
    ratio = timings.ratio("list", "small list")
    yield Line("list, against the list of 2,000", f"{ratio:.2f} ×", "≤ 1.1 ×", ratio <= 1.1)


def _queries(figures: dict[str, Any]) -> Iterator[Line]:
    small, large = figures["counts"].values()
    for name, count in large.items():
        most = QUERIES.get(name, MOST_QUERIES)
        if count is None:
            yield Line(f"queries: {name}", "the page fails", f"≤ {most}, equal", fits=False)
            continue
        same = small[name] == count
        measured = f"{count}" if same else f"{count}, and {small[name]} at 2,000"
        yield Line(f"queries: {name}", measured, f"≤ {most}, equal", same and count <= most)


def _writes(figures: dict[str, Any]) -> Iterator[Line]:
    swept, due, imported = figures["sweep"], figures["newly_due"], figures["import"]
    first, again = swept["seconds"]
    yield Line(
        f"first sweep, {swept['flags']:,} flags",
        f"{first:.2f} s, {swept['queries'][0]} queries",
        "< 5 s",
        first < 5,
    )
    yield Line("next sweep, nothing new", f"{again:.2f} s, {swept['queries'][1]} queries", "", None)
    worst = max(swept["rules"], key=lambda name: swept["rules"][name])
    most = swept["rules"][worst]
    yield Line("queries per rule, the most", f"{most} ({worst})", "≤ 5", most <= 5)
    yield Line(
        f"find and flag {due['due']:,} newly due",
        f"{due['ratio']:.1f} × claim, {due['queries']} queries",
        "≤ 3 × claim, ≤ 5",
        due["ratio"] <= 3 and due["queries"] <= 5,
    )
    yield Line(
        "import of 2,000 rows",
        f"{imported['ratio']:.0f} × copy-in ({imported['seconds']:.2f} s)",
        "≤ 40 × copy-in",
        imported["ratio"] <= 40,
    )
    count = imported["queries"]
    yield Line("queries of that import", f"{count:.0f}", "≤ 60, later 30", count <= 60)
    yield Line(*_memory(figures["memory"]))


def _memory(memory: dict[str, float]) -> Line:
    ratio = memory["product"] / memory["reference"]
    measured = f"{ratio:.1f} × ({memory['product']:.0f} MiB)"
    return Line("memory of a worker", measured, "≤ 2 × the reference", ratio <= 2)


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
