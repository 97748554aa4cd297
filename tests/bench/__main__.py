"""Run the benchmark and print its table."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from proofs.servers import running
from tests.bench import asking, mails, servers, table
from tests.bench.asking import Sides
from tests.bench.servers import Installation

SEED = 1
SMALL = 2_000


def main() -> None:
    options = arguments()
    began = monotonic()
    with TemporaryDirectory() as media, running() as given:
        sides = prepare({**given, "BENCH_MEDIA": media})
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
    parser.add_argument(
        "--quick", action="store_true", help="5,000 initiatives, 12 rounds, 200 mails"
    )
    parser.add_argument(
        "--wide", type=int, default=0, help="sweep so many initiatives as well, say 100000"
    )
    parser.add_argument("--write", type=Path, help="put the table into this file")
    parser.set_defaults(mails=1_000)
    options = parser.parse_args()
    if options.quick:
        options.initiatives, options.rounds, options.mails = 5_000, 12, 200
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
    figures["generated"] = sides.large.product("generate", str(options.initiatives), str(SEED))
    say("sweeping")
    sides.small.product("sweep")
    figures["sweep"] = sides.large.product("sweep")
    figures["wide"] = _wide(sides.large, options.wide)
    sides.small.product("judge")
    figures["judging"] = sides.large.product("judge")
    say("asking for pages")
    figures |= asking.measure(sides, cookie, options.rounds)
    say("counting queries")
    figures["counts"] = {
        SMALL: sides.small.product("counts"),
        options.initiatives: sides.large.product("counts"),
    }
    say("flagging and importing")
    figures["newly_due"] = sides.large.product("newly_due")
    figures["import"] = sides.large.product("import")
    say("sending mails")
    figures["mails"] = _mails(sides.large, options.mails)
    return figures


def _wide(like: Installation, initiatives: int) -> dict[str, Any] | None:
    """What sweeps take of a portfolio that is wider still, in a database of its own."""
    if not initiatives:
        return None
    say(f"generating and sweeping {initiatives:,}")
    wide = like.on("wide")
    servers.create_database(like.database, "wide")
    wide.manage("migrate", "--verbosity=0")
    wide.product("generate", str(initiatives), str(SEED))
    swept: dict[str, Any] = wide.product("sweep")
    return {"initiatives": initiatives, **swept}


def _mails(large: Installation, count: int) -> dict[str, Any]:
    with mails.sink() as port:
        given = {**large.given, "EMAIL_URL": f"smtp://127.0.0.1:{port}"}
        return replace(large, given=given).product("mails", str(count))


def say(what: str) -> None:
    print(f"· {what} …", flush=True)


if __name__ == "__main__":
    main()
