"""Proofs c and d: many decide, many sign, and some sign while others edit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from time import monotonic

from audit.models import Event
from audit.verification import verify
from initiatives.models import Baseline, Initiative, Metric, StageSpell
from initiatives.stages import Stage
from proofs import racing, visiting
from proofs.gates import acts, crowd
from proofs.reporting import Findings
from reviews import queries
from reviews.models import Decision, Review, SignOff

ACTS, PLANTS = "proofs.gates.acts", "proofs.gates.plants"
DECISION_LOST = {"done", "wrong_stage", "no_open_review", "overtaken", "409"}
MEMBERS = "compliance"


@dataclass(frozen=True)
class Size:
    """How many act at once, in how many rounds."""

    processes: int
    threads: int
    decisions: int
    signatures: int
    edits: int

    @property
    def people(self) -> int:
        return self.processes * self.threads


USUAL = Size(processes=20, threads=10, decisions=5, signatures=4, edits=3)  # in six minutes
FULL = Size(processes=20, threads=10, decisions=20, signatures=20, edits=10)
PLANTED = Size(processes=20, threads=10, decisions=3, signatures=3, edits=3)
SMALL = Size(processes=3, threads=7, decisions=1, signatures=1, edits=1)
DEFECTS = {
    "no-lock-and-no-version": ("decisions", f"{PLANTS}:no_lock_and_no_version"),
    "log-read-before-the-lock": ("signatures", f"{PLANTS}:log_read_before_the_lock"),
    "check-outside-the-lock": ("edits", f"{PLANTS}:check_outside_the_lock"),
}


@dataclass
class Gates:
    """One run of the experiments, with what it found wrong, and its figures."""

    size: Size
    plant: str = ""
    findings: Findings = field(default_factory=Findings)

    def run(self, only: str = "") -> None:
        """Let the rounds take place; `only` those that a planted defect is about."""
        wanted = {name: getattr(self.size, name) for name in ("decisions", "signatures", "edits")}
        wanted = {name: rounds for name, rounds in wanted.items() if only in ("", name)}
        self.findings.say("making the initiatives of all rounds …")
        decided, signed = crowd.load(
            decided=wanted.get("decisions", 0),
            signed=wanted.get("signatures", 0) + wanted.get("edits", 0),
        )
        if decided:
            self._decisions(decided)
        if not signed:
            return
        people = crowd.members(MEMBERS, self.size.people)
        sessions = [visiting.session(person) for person in people]
        about = {"people": [person.pk for person in people], "sessions": sessions}
        if rounds := wanted.get("signatures", 0):
            self._signatures(signed[:rounds], about)
        if wanted.get("edits"):
            self._edits(signed[wanted.get("signatures", 0) :], about)
        if not self.plant:
            self.findings.require(verify().clean, "the log does not verify")

    def _runners(self, act: str) -> racing.Runners:
        size = self.size
        return racing.runners(
            f"{ACTS}:{act}",
            processes=size.processes,
            threads=size.threads,
            plant=self.plant,
            pages=True,
        )

    # --- c: decisions ---

    def _decisions(self, rows: list[Initiative]) -> None:
        leads = crowd.members("leads", 10)
        about = {
            "people": [lead.pk for lead in leads],
            "sessions": [visiting.session(lead) for lead in leads],
        }
        began = monotonic()
        with self._runners("decide") as run:
            for number, row in enumerate(rows, start=1):
                ends = run({"initiative": row.pk, **about})
                self.findings.say(f"c, decisions, round {number} of {len(rows)}: {told(ends)}")
                self._decided_once(row, ends)
        self.findings.figure(
            f"{len(rows)} × {self.size.people} decisions: one transition a round", began
        )

    def _decided_once(self, row: Initiative, ends: Counter[str]) -> None:
        require = self.findings.require
        now = Initiative.objects.get(pk=row.pk)
        spells = StageSpell.objects.filter(initiative=row)
        made = Decision.objects.filter(initiative=row)
        require(ends["done"] == 1, f"{ends['done']} decisions were told that they are done")
        require(set(ends) <= DECISION_LOST, f"ended otherwise: {odd(ends, DECISION_LOST)}")
        require(made.count() == 1, f"{made.count()} decisions are stored")
        require((now.stage, now.version) == (Stage.PILOT, row.version + 1), "it moved not once")
        require(spells.filter(left_at=None).count() == 1, "more than one stage is open")
        require(Baseline.objects.filter(initiative=row).count() == 1, "not one baseline")
        require(not Review.objects.open().filter(initiative=row).exists(), "its review is open")
        told_of = Event.objects.filter(initiative_id=row.pk, kind="decision.made").count()
        require(told_of == 1, f"the log tells of {told_of} decisions")

    # --- c: signatures ---

    def _signatures(self, rows: list[Initiative], about: racing.Given) -> None:
        began, stored = monotonic(), 0
        with self._runners("sign") as run:
            for number, row in enumerate(rows, start=1):
                slot = crowd.slot_of_many(row, self.size.people)
                ends = run({"slot": slot.pk, "digest": slot.review.snapshot_id, **about})
                self.findings.say(f"c, signatures, round {number} of {len(rows)}: {told(ends)}")
                stored += self._all_signed(row, ends)
        wanted = len(rows) * self.size.people
        self.findings.figure(f"{stored} of {wanted} signatures stored", began)

    def _all_signed(self, row: Initiative, ends: Counter[str]) -> int:
        require, people = self.findings.require, self.size.people
        signers = SignOff.objects.filter(review__initiative=row).values("signer").distinct()
        events = Event.objects.filter(initiative_id=row.pk, kind="review.signed").count()
        require(ends == {"done": people}, f"ended otherwise: {odd(ends, {'done'})}")
        require(signers.count() == people, f"{signers.count()} of {people} have signed")
        require(events == people, f"the log tells of {events} of {people} signatures")
        return signers.count()

    # --- d ---

    def _edits(self, rows: list[Initiative], about: racing.Given) -> None:
        began, signed, lost = monotonic(), 0, 0
        with self._runners("sign_or_edit") as run:
            for number, row in enumerate(rows, start=1):
                metric = Metric.objects.get(initiative=row, is_primary=True)
                slot = crowd.slot_of_many(row, self.size.people)
                ends = run({"slot": slot.pk, "metric": metric.pk, **about})
                words = Counter(w for end in ends.elements() for w in end.split() if ":" in w)
                self.findings.say(f"d, round {number} of {len(rows)}: {told(words)}")
                self._signed_what_stood(row, metric, ends, words)
                signed += words["sign:done"]
                lost += words["sign:evidence_changed"] + words["sign:409"]
        self.findings.require(lost > 0, "nobody lost against an editor: nothing was raced for")
        self.findings.require(signed > 0, "nobody signed")
        self.findings.figure(
            f"{len(rows)} × {self.size.people * 3 // 4} signers against "
            f"{self.size.people // 4} editors: {signed} signed what stood, {lost} times told that "
            "it had changed (409)",
            began,
        )

    def _signed_what_stood(
        self, row: Initiative, metric: Metric, ends: Counter[str], words: Counter[str]
    ) -> None:
        require = self.findings.require
        fair = {"edit:done", "sign:done", "sign:evidence_changed", "sign:409"}
        require(set(words) <= fair, f"ended otherwise: {odd(words, fair)}")
        read = dict(w.split("=") for end in ends for w in end.split() if "=" in w)
        stored = SignOff.objects.filter(review__initiative=row)
        on = {str(s.signer_id): s.snapshot_id for s in stored}
        unread = [signer for signer, digest in on.items() if read.get(signer) != digest]
        require(
            not unread, f"{len(unread)} signatures are on evidence that their signer never read"
        )
        require(on.keys() == read.keys(), "signatures stored and told differ")
        past = [seq for seq, _, signed, stood in acts.replayed(metric.pk) if signed != stood]
        require(not past, f"{len(past)} signatures were on evidence that stood no more")
        self._live_are_current(row)

    def _live_are_current(self, row: Initiative) -> None:
        review = Review.objects.select_related("policy", "initiative").get(initiative=row)
        standing = queries.standing(review, review.due_date)
        live = [s for state in standing.slots for s in state.live]
        past = [s for s in live if s.snapshot_id != standing.digest]
        self.findings.require(not past, f"{len(past)} live signatures are on past evidence")


def told(ends: Counter[str]) -> str:
    return ", ".join(f"{count} {end[:60]}" for end, count in ends.most_common(4))


def odd(ends: Counter[str], fair: set[str]) -> str:
    return "; ".join(f"{count} × {end[:160]}" for end, count in ends.items() if end not in fair)
