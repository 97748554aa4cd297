"""Run the benchmark and print its table."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg

from tests import services
from tests.bench import rounds, servers, table
from tests.bench.rounds import Endpoint, Timings
from tests.bench.servers import Installation

SEED = 1
SMALL = 2_000
# An event without its proof: whatever was kept up to the one before no longer counts.
HAPPENED = """
    WITH head AS (
        UPDATE audit_head SET seq = seq + 1, hash = md5(random()::text) || md5(random()::text)
        RETURNING seq, hash
    )
    INSERT INTO audit_event
        (seq, payload, prev, hash, mac, key_id, at, kind, subject, initiative_id)
    SELECT seq, '{"changed": {}}', '', hash, '', '', now(), %s, '',
        (SELECT min(id) FROM initiatives_initiative WHERE stage = 'production') FROM head
"""
# Most of what happens makes nobody an owner and moves no stage, so that what is said of both need
# not be counted anew.
CHANGES = {
    "measured": "measurement.recorded",
    "owned": "ownership.ended",
    "decided": "decision.made",
}
PAGES = ("list", "search", "facet", "dashboard", "initiative")


@dataclass(frozen=True)
class Sides:
    """The product with a small and a large portfolio, and what it is compared with."""

    small: Installation
    large: Installation
    reference: Installation


def main() -> None:
    options = arguments()
    began = monotonic()
    with services.running() as given:
        sides = prepare(given)
        figures = measure(sides, options)
    figures["minutes"] = (monotonic() - began) / 60
    text = table.of(figures)
    print(text)
    if options.write:
        table.write(options.write, text)


def arguments() -> Namespace:
    parser = ArgumentParser(prog="script/bench", description="Measure against docs/performance.md.")
    parser.add_argument("--initiatives", type=int, default=20_000, help="in the large portfolio")
    parser.add_argument("--rounds", type=int, default=30, help="of requests; at least 12")
    parser.add_argument("--quick", action="store_true", help="5,000 initiatives, 12 rounds")
    parser.add_argument("--write", type=Path, help="put the table into this file")
    options = parser.parse_args()
    if options.quick:
        options.initiatives, options.rounds = 5_000, 12
    options.rounds = max(options.rounds, 12)
    return options


def prepare(given: dict[str, str]) -> Sides:
    """Make three databases on one server: two migrated for the product, one for the reference."""
    product = Installation(servers.PRODUCT, given["DATABASE_URL"], given)
    small, large = product.on("small"), product.on("large")
    for name in ("small", "reference"):
        servers.create_database(product.database, name)
    small.manage("migrate", "--verbosity=0")
    servers.create_database(product.database, "large", template="small")
    reference = Installation(servers.REFERENCE, product.on("reference").database, given)
    given["REFERENCE_URL"] = reference.database
    return Sides(small, large, reference)


def measure(sides: Sides, options: Namespace) -> dict[str, Any]:
    """Everything that the table shows."""
    figures: dict[str, Any] = {"initiatives": options.initiatives, "rounds": options.rounds}
    cookie = sides.reference.run("tests.bench.reference.prepare")["cookie"]
    say("generating")
    sides.small.product("generate", str(SMALL), str(SEED))
    made = sides.large.product("generate", str(options.initiatives), str(SEED))
    figures["generated"] = made
    say("sweeping")
    sides.small.product("sweep")
    figures["sweep"] = sides.large.product("sweep")
    say("asking for pages")
    figures["timings"], figures["memory"] = _ask(sides, cookie, options.rounds)
    say("counting queries")
    figures["counts"] = {
        SMALL: sides.small.product("counts"),
        options.initiatives: sides.large.product("counts"),
    }
    say("flagging and importing")
    figures["newly_due"] = sides.large.product("newly_due")
    figures["import"] = sides.large.product("import")
    return figures


def _ask(sides: Sides, cookie: str, count: int) -> tuple[Timings, dict[str, float]]:
    """Ask both portfolios and the reference app for their pages, in turn."""
    small, large = sides.small.product("pages"), sides.large.product("pages")
    with (
        sides.small.serve("config.wsgi") as small_web,
        sides.large.serve("config.wsgi") as large_web,
        sides.reference.serve("tests.bench.reference.wsgi") as reference_web,
        psycopg.connect(sides.large.database, autocommit=True) as change,
    ):
        asked = [Endpoint(n, reference_web.port, f"/{n}/", cookie) for n in ("a", "b", "b2", "c")]
        for name in PAGES:
            asked.append(Endpoint(name, large_web.port, large["paths"][name], large["cookie"]))
        path = small["paths"]["list"]
        asked.append(Endpoint("small list", small_web.port, path, small["cookie"]))
        timings = rounds.run(asked, count)
        b, dashboard = asked[1], asked[4 + PAGES.index("dashboard")]
        for name, kind in CHANGES.items():  # apart, since one undoes what the other leaves kept
            before = partial(change.execute, HAPPENED, [kind])
            changing = replace(dashboard, name=f"dashboard, {name}", before=before)
            timings |= rounds.run([replace(b, name=f"b, {name}"), changing], count)
        memory = {"product": large_web.memory(), "reference": reference_web.memory()}
    return timings, memory


def say(what: str) -> None:
    print(f"· {what} …", flush=True)


if __name__ == "__main__":
    main()
