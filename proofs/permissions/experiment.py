"""Proof f: everybody asks at every address, and what comes of it is what the matrix says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from time import monotonic
from typing import NamedTuple

from django.db import connection

from initiatives.stages import Stage
from proofs.permissions import doors, matrix, posting
from proofs.permissions.asking import ABSENT, NO, NO_SUCH, SIGN_IN, YES, Answer, Asking, Sent
from proofs.permissions.doors import Door
from proofs.permissions.matrix import DO, READ, RESTRICTED, Row
from proofs.permissions.world import OPEN, Asker, Target, World
from proofs.reporting import Findings

NOBODYS = Target()
# Who fills in the forms: the first of these who sees one.
WRITERS = (
    "lead", "owner", "sponsor", "compliance", "security", "administrator", "auditor", "member",
    "anonymous",
)  # fmt: skip
# What may come of a request, by what the matrix says: where nobody can, nobody may.
FAIR = {
    YES: {YES, "refused", "invalid", "nothing"},
    NO: {NO, "refused", "invalid", "nothing"},
    ABSENT: {ABSENT},
    SIGN_IN: {SIGN_IN},
    NO_SUCH: {NO_SUCH},
}
DENIED = {NO, ABSENT, SIGN_IN}
Key = tuple[str, str]


class Request(NamedTuple):
    """Somebody at an address, for reading or doing."""

    door: Door
    way: str
    asker: Asker
    target: Target
    htmx: bool = False

    @property
    def key(self) -> Key:
        return (self.door.key, self.way)

    def __str__(self) -> str:
        how = f"{self.way}{', htmx' if self.htmx else ''}"
        return f"`{self.door.key}` {how}: {self.asker} on {self.target}"


class Share(NamedTuple):
    """What one of several processes found."""

    asked: int
    wrong: list[str]
    seen: dict[Key, dict[str, Counter[str]]]


@dataclass
class Permissions:
    """One run over the world; `is_whole` where every stage is there, so that each row can show
    somebody let in and somebody turned away. `is_full` asks everybody in every stage; else each is
    asked in one stage after the other until they found what the matrix says, and about what is
    restricted in a pilot."""

    world: World
    rows: dict[Key, Row] = field(default_factory=matrix.read)
    findings: Findings = field(default_factory=Findings)
    is_whole: bool = True
    is_full: bool = False
    asked: int = 0
    seen: dict[Key, dict[str, Counter[str]]] = field(default_factory=lambda: defaultdict(_columns))

    def __post_init__(self) -> None:
        self.doors = doors.every()
        self.asking = Asking()
        self._forms: dict[tuple[str, str], Sent] = {}

    # --- the requests ---

    def requests(self, wanted: Iterable[Door]) -> Iterator[Request]:
        """Everything that is to be asked at these doors."""
        for door in wanted:
            for target in self.world.targets if door.is_of_initiative else [NOBODYS]:
                if door.address(target, self.world) is None:
                    continue
                for asker in self.world.askers:
                    if asker.meets(target.seen):
                        yield from self._requests_of(door, asker, target)

    def _requests_of(self, door: Door, asker: Asker, target: Target) -> Iterator[Request]:
        read, do = Request(door, READ, asker, target), Request(door, DO, asker, target)
        if not self._is_settled(read):
            yield read
            if self.is_whole and target.seen == OPEN:
                yield Request(door, READ, asker, target, htmx=True)
        if not door.name.startswith(doors.READ_ONLY) and not self._is_settled(do):
            yield do

    def _is_settled(self, request: Request) -> bool:
        """Whether enough is known of this already, where not everything is to be asked."""
        if self.is_full or not self.is_whole or request.key not in self.rows:
            return False
        asker, target = request.asker, request.target
        if target.seen != OPEN and target.stage == Stage.PILOT:
            return False
        if asker.is_elsewhere or target.is_invisible_to(asker):
            return target.stage not in ("", Stage.PILOT)
        word = self.rows[request.key].cells[asker.column]
        return bool(self.seen[request.key][asker.column][word])

    def answer(self, request: Request) -> Answer:
        door, target = request.door, request.target
        address = door.address(target, self.world)
        assert address is not None
        sent = self._sent(door, target, address) if request.way == DO else None
        return self.asking.ask(
            request.asker, address, sent, htmx=request.htmx, first=self._first(door, target)
        )

    def _first(self, door: Door, target: Target) -> Callable[[], None] | None:
        first = doors.FIRST.get(door.key)
        return partial(first, target, self.world) if first else None

    def _sent(self, door: Door, target: Target, address: str) -> Sent:
        """What is sent there: the page's own form, filled in once by somebody who sees it."""
        kept = (door.key, str(target))
        if kept not in self._forms:
            self._forms[kept] = self._filled_in(door, target, address)
        return self._forms[kept]

    def _filled_in(self, door: Door, target: Target, address: str) -> Sent:
        if door.name in doors.POSTED:
            return doors.POSTED[door.name](target, self.world)
        asking = sorted(self.world.askers, key=lambda asker: WRITERS.index(asker.column))
        for asker in asking:
            page = self.asking.page(asker, address, self._first(door, target))
            if form := posting.form_of(page, address):
                return form | doors.CHANGED.get(door.name, {})
        return {}

    def fill_in(self) -> None:
        """Fill in every form, while those who may see it are let in and nobody else."""
        for door in self.doors:
            for target in self.world.targets if door.is_of_initiative else [NOBODYS]:
                if address := door.address(target, self.world):
                    self._sent(door, target, address)

    def finds(self) -> str:
        """The first that is not as the matrix says, of all who are to be turned away."""
        for door in self.doors:
            for request in self.requests([door]):
                if request.key in self.rows and self.expected(request) in DENIED:
                    is_right, otherwise = self.judged(request, self.answer(request))
                    if not is_right:
                        return otherwise
        self.admin()
        return next(iter(self.findings.wrong), "")

    # --- what is wrong ---

    def expected(self, request: Request) -> str:
        row = self.rows[request.key]
        hidden = request.target.is_invisible_to(request.asker)
        if hidden and request.asker.person is not None:
            return row.cells[RESTRICTED]
        return row.cells[request.asker.column]

    def note(self, request: Request, answer: Answer) -> None:
        """Hold an answer against the matrix."""
        self.asked += 1
        hidden = request.target.is_invisible_to(request.asker) and request.asker.person is not None
        column = RESTRICTED if hidden else request.asker.column
        self.seen[request.key][column][answer.word] += 1
        if request.key in self.rows:
            self.findings.require(*self.judged(request, answer))

    def judged(self, request: Request, answer: Answer) -> tuple[bool, str]:
        """Whether the answer is what the matrix says, and what to say where it is not."""
        expected = self.expected(request)
        is_fair = answer.word in FAIR.get(expected, {expected})
        # Whatever the word: nobody who is turned away has changed anything.
        left_alone = expected == YES or not answer.changed
        return is_fair and left_alone, f"{request}: {expected} expected, {answer} found"

    def run(self, processes: int = 1) -> None:
        """Ask for everything, in so many processes at once."""
        began = monotonic()
        shares = [self.doors[place::processes] for place in range(processes)]
        if processes == 1:
            self.ask_at(shares[0])
        else:
            connection.close()  # what is forked may not share it
            with get_context("fork").Pool(processes) as pool:
                for share in pool.imap_unordered(self._asked_at, shares):
                    self._add(share)
        self.admin()
        self.rows_are_right()
        self.findings.figure(
            f"{self.asked} requests at {len(self.doors)} addresses by {len(self.world.askers)} "
            f"people: {len(self.rows)} rows of the matrix hold"
            if self.findings.passed
            else f"{self.asked} requests, {len(self.findings.wrong)} differences",
            began,
        )

    def ask_at(self, share: Iterable[Door]) -> None:
        """Everybody asks at these."""
        chosen = list(share)
        for number, door in enumerate(chosen, start=1):
            for request in self.requests([door]):
                self.note(request, self.answer(request))
            if number % 10 == 0:
                self.findings.say(f"{number} of {len(chosen)} addresses, {self.asked} requests")

    def _asked_at(self, share: list[Door]) -> Share:
        self.ask_at(share)
        told = {key: dict(columns) for key, columns in self.seen.items()}
        return Share(self.asked, self.findings.wrong, told)

    def _add(self, share: Share) -> None:
        self.asked += share.asked
        self.findings.wrong += share.wrong
        for key, columns in share.seen.items():
            for column, words in columns.items():
                self.seen[key][column] += words

    def rows_are_right(self) -> None:
        """A row for everything there is, nothing else, each with somebody in and somebody out."""
        for key, columns in self.seen.items():
            found = self.observed(key)
            if key not in self.rows:
                if found.words - {NO_SUCH, SIGN_IN}:  # else there is nothing but the address
                    self.findings.require(False, f"docs/permissions.md lacks: {found.line}")
            elif self.is_whole:
                self._shows_both(self.rows[key], columns)
        for key in self.rows.keys() - self.seen.keys() - {(doors.ADMIN, READ)}:
            self.findings.require(not self.is_whole, f"docs/permissions.md has {key}, gone now")

    def _shows_both(self, row: Row, columns: dict[str, Counter[str]]) -> None:
        require = self.findings.require
        said = {word for word in row.words if word != NO_SUCH}
        is_switched_off = said == {ABSENT}
        require(
            YES in said or NO_SUCH in row.words or is_switched_off,
            f"{row.key} {row.way}: the matrix lets nobody in",
        )
        require(bool(said & DENIED) or row.cells["anonymous"] == YES,
                f"{row.key} {row.way}: the matrix turns nobody away")  # fmt: skip
        everybody = sum(columns.values(), Counter())
        for column in matrix.COLUMNS:
            cell = row.cells[column]
            seen = everybody if row.key in doors.OF_ONES_OWN else columns[column]
            require(
                cell not in (YES, NO) or bool(seen[cell]),
                f"{row.key} {row.way}: “{cell}” for {column} was never seen: say in "
                f"proofs/permissions/doors/sending.py what to send ({dict(columns[column])})",
            )

    def observed(self, key: Key) -> Row:
        """The row as it was found; where several things came of it, yes or no before the rest."""
        columns = self.seen[key]
        cells = {name: _most_telling(columns[name]) for name in (*matrix.COLUMNS, RESTRICTED)}
        return Row(*key, cells)

    # --- the admin, as one block ---

    def admin(self) -> None:
        """Each page of the admin lets administrators in and sends everybody else to sign in."""
        key = (doors.ADMIN, READ)
        sends: tuple[Sent, ...] = (None, {})
        for address in doors.admin_addresses():
            for asker in self.world.askers:
                for sent in sends:
                    answer = self.asking.ask(asker, address, sent)
                    self.asked += 1
                    is_fair = (
                        not answer.word.startswith("ERROR")
                        if asker.column == "administrator"
                        else answer.word == self.rows[key].cells[asker.column]
                        and not answer.changed
                    )
                    self.findings.require(is_fair, f"{address}: {asker}: {answer} found")


def _columns() -> dict[str, Counter[str]]:
    return defaultdict(Counter)


def _most_telling(words: Counter[str]) -> str:
    for word in (YES, NO, ABSENT, SIGN_IN, NO_SUCH):
        if words[word]:
            return word
    return next(iter(words), NO_SUCH)
