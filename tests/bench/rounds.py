"""Requests, one per endpoint and round, so that whatever slows the machine slows them alike."""

from __future__ import annotations

import http.client
import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from time import perf_counter

WARM_UP = 4  # per endpoint, for two workers
AT_A_TIME = 8
REQUESTS = 24  # for each endpoint in a round of `throughput`


@dataclass(frozen=True)
class Endpoint:
    """A page to ask for, with the cookie of somebody who is signed in."""

    name: str
    port: int
    path: str
    cookie: str
    before: Callable[[], object] | None = None  # done before each request, not timed
    is_part: bool = False  # of a page, as htmx asks for it

    def seconds(self) -> float:
        """Ask once; raises where the answer is not the page."""
        if self.before is not None:
            self.before()
        began = perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", self.path, headers=self._headers())
        response = connection.getresponse()
        response.read()
        took = perf_counter() - began
        connection.close()
        if response.status != 200:
            raise RuntimeError(f"{self.name}: {self.path} answered {response.status}.")
        return took

    def _headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie} | ({"HX-Request": "true"} if self.is_part else {})


@dataclass(frozen=True)
class Timings:
    """Seconds by endpoint, one for each round."""

    of: dict[str, list[float]]

    def __or__(self, other: Timings) -> Timings:
        """Both; each is compared within its own rounds."""
        return Timings(self.of | other.of)

    def milliseconds(self, name: str) -> float:
        return median(self.of[name]) * 1000

    def ratio(self, name: str, to: str) -> float:
        """The median of the ratios of each round."""
        return median(x / y for x, y in zip(self.of[name], self.of[to], strict=True))


def run(endpoints: Iterable[Endpoint], rounds: int) -> Timings:
    asked = list(endpoints)
    for endpoint in asked:
        for _ in range(WARM_UP):
            endpoint.seconds()
    timings: dict[str, list[float]] = {endpoint.name: [] for endpoint in asked}
    order = random.Random(1)
    for _ in range(rounds):
        order.shuffle(asked)
        for endpoint in asked:
            timings[endpoint.name].append(endpoint.seconds())
    return Timings(timings)


def throughput(endpoints: Iterable[Endpoint], rounds: int) -> Timings:
    """Seconds in which eight at a time ask each endpoint so often, the endpoints in turn."""
    timings: dict[str, list[float]] = {}
    with ThreadPoolExecutor(AT_A_TIME) as askers:
        for endpoint in list(endpoints) * rounds:
            began = perf_counter()
            list(askers.map(lambda _, asked=endpoint: asked.seconds(), range(REQUESTS)))
            timings.setdefault(endpoint.name, []).append(perf_counter() - began)
    return Timings(timings)
