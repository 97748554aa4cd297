"""What is measured through web servers: pages one by one, eight at a time, and the export."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import psycopg

from tests.bench import rounds
from tests.bench.rounds import Endpoint, Timings
from tests.bench.servers import Installation, Web

REFERENCES = ("a", "b", "b2", "c", "copy")
EXPORTS = 12  # rounds of it, and of `copy`
CROWDS = 7  # rounds of eight at a time
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


@dataclass(frozen=True)
class Sides:
    """The product with a small and a large portfolio, and what it is compared with."""

    small: Installation
    large: Installation
    reference: Installation


@dataclass(frozen=True)
class Webs:
    """Their servers, the endpoints by name, and a connection by which something happens."""

    large: Web
    reference: Web
    endpoints: dict[str, Endpoint]
    pages: list[str]
    change: psycopg.Connection


def measure(sides: Sides, cookie: str, count: int) -> dict[str, Any]:
    """Figures of all that is asked for over HTTP; `cookie` is for the reference app."""
    with ExitStack() as stack:
        webs = _serve(sides, cookie, stack)
        return {
            "timings": _one_by_one(webs, count) | _after_changes(webs, count),
            "crowd": rounds.throughput(_named(webs, "b", "list"), CROWDS),
            "memory": {"product": webs.large.memory(), "reference": webs.reference.memory()},
            "exports": rounds.run(_named(webs, "copy", "export"), EXPORTS),
            "growth": _growth(sides.large, webs),
        }


def _serve(sides: Sides, cookie: str, stack: ExitStack) -> Webs:
    small, large = sides.small.product("pages"), sides.large.product("pages")
    small_web = stack.enter_context(sides.small.serve("config.wsgi"))
    large_web = stack.enter_context(sides.large.serve("config.wsgi"))
    reference_web = stack.enter_context(sides.reference.serve("tests.bench.reference.wsgi"))
    endpoints = {n: Endpoint(n, reference_web.port, f"/{n}/", cookie) for n in REFERENCES}
    for name, page in large.items():
        endpoints[name] = Endpoint(name, large_web.port, **page)
    endpoints["small list"] = Endpoint("small list", small_web.port, **small["list"])
    change = psycopg.connect(sides.large.database, autocommit=True)
    return Webs(large_web, reference_web, endpoints, list(large), stack.enter_context(change))


def _named(webs: Webs, *names: str) -> list[Endpoint]:
    return [webs.endpoints[name] for name in names]


def _one_by_one(webs: Webs, count: int) -> Timings:
    pages = [name for name in webs.pages if name != "export"]
    return rounds.run(_named(webs, "a", "b", "b2", "c", *pages, "small list"), count)


def _after_changes(webs: Webs, count: int) -> Timings:
    """The dashboard after what happens, apart, since one undoes what the other leaves kept."""
    timings = Timings({})
    b, dashboard = _named(webs, "b", "dashboard")
    for name, kind in CHANGES.items():
        before = partial(webs.change.execute, HAPPENED, [kind])
        changing = replace(dashboard, name=f"dashboard, {name}", before=before)
        timings |= rounds.run([replace(b, name=f"b, {name}"), changing], count)
    return timings


def _growth(large: Installation, webs: Webs) -> float:
    """MiB that an export takes of a worker that has shown the list and nothing else so far; many
    ask at a time, or one of the two might not have."""
    listing, export = _named(webs, "list", "export")
    with large.serve("config.wsgi") as web:
        rounds.throughput([replace(listing, port=web.port)], 1)
        return web.growth(lambda: rounds.run([replace(export, port=web.port)], 1))
