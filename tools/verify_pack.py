#!/usr/bin/env python3
"""Check a decision pack of Gatehouse, offline: python3 verify_pack.py AI-0042-go-live-7.json

It needs nothing but Python 3.9 or newer, and neither Gatehouse nor a network. It works out every
digest again from the texts in the file, and compares what the signatures and the decision say with
what the audit log said when they were made. It names the first thing that does not match, and then
exits with 1; with 2 where the file is no decision pack that it can read.

What it proves: these texts, signatures and events belong together, and nothing that the log or a
digest names was changed, left out or put in another order in this file.

What no file can prove by itself:
  - that the audit log was not rewritten as a whole, with new hashes. Compare the positions and
    hashes below with the receipts that the signers hold, or with a checkpoint kept elsewhere.
  - what the log does not name: the observed part (results and verdicts on criteria), and the words
    for earlier re-baselines. They are bound by the SHA-256 of the whole file, printed below, which
    the log recorded when the pack was taken ("review.exported").
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Optional

FORMAT = "gatehouse/decision-pack"
VERSIONS = (1,)
MEMBERS = (
    "initiative", "review", "policy", "snapshots", "signatures", "decision", "observed",
    "events", "texts",
)  # fmt: skip
Row = dict[str, Any]


class Mismatch(Exception):
    """Something in the pack is not what it has to be; the message names it."""


class NotAPack(Exception):
    """The file is no decision pack, or of a version that this script does not know."""


def main(arguments: Optional[list[str]] = None) -> int:
    summary, _, more = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="verify_pack.py",
        description=summary,
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("pack", type=Path, help="the JSON file of one review")
    path = parser.parse_args(arguments).pack
    try:
        content = path.read_bytes()
        for line in verified(read(content)):
            say(line)
    except (OSError, NotAPack) as error:
        say(f"This cannot be checked: {error}")
        return 2
    except Mismatch as mismatch:
        say(f"DOES NOT MATCH. {mismatch}")
        return 1
    say(f"SHA-256 of this file: {hashlib.sha256(content).hexdigest()}")
    say("All that is checked here matches. See --help for what a file alone cannot prove.")
    return 0


def say(line: str) -> None:
    """Print, whatever the terminal can show."""
    encoding = sys.stdout.encoding or "ascii"
    print(line.encode(encoding, "replace").decode(encoding))


def read(content: bytes) -> Row:
    """The pack, with every part in its place."""
    try:
        pack = json.loads(content)
    except ValueError as error:
        raise NotAPack(f"it is not JSON ({error}).") from error
    if not isinstance(pack, dict) or pack.get("format") != FORMAT:
        raise NotAPack("it is no decision pack of Gatehouse.")
    if pack.get("version") not in VERSIONS:
        raise NotAPack(f"it has version {pack.get('version')!r}; this script reads {VERSIONS}.")
    if missing := [name for name in MEMBERS if name not in pack]:
        raise NotAPack(f"it lacks {', '.join(missing)}.")
    return pack


def verified(pack: Row) -> Iterator[str]:
    """A line for each thing that matches; raises Mismatch at the first that does not."""
    try:
        review = pack["review"]
        initiative = pack["initiative"]
        yield f"{initiative['reference']} {initiative['name']}: {review['gate']} review"
        yield from policy_lines(pack)
        yield from snapshot_lines(pack)
        events = Events(pack)
        yield from events.lines()
        yield from request_lines(pack, events)
        yield from signature_lines(pack, events)
        yield from decision_lines(pack, events)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise Mismatch(f"A part is missing or of another kind: {error!r}.") from error


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def policy_lines(pack: Row) -> Iterator[str]:
    policy = pack["policy"]
    require(
        sha256(policy["text"]) == policy["sha256"],
        f"The text of policy version {policy['version']} does not match its digest.",
    )
    yield f"Policy version {policy['version']} matches its digest {short(policy['sha256'])}"


def snapshot_lines(pack: Row) -> Iterator[str]:
    """Every snapshot has its digest, and every digest that the review names is there."""
    review, known = pack["review"], set()
    for snapshot in pack["snapshots"]:
        digest, material = snapshot["digest"], snapshot["material"]
        require(
            sha256(material) == digest,
            f"Snapshot {short(digest)} does not match its digest: its evidence was changed.",
        )
        version = json.loads(material)["policy"]
        require(
            version == pack["policy"]["version"],
            f"Snapshot {short(digest)} was taken under policy version {version}, "
            f"not {pack['policy']['version']}.",
        )
        known.add(digest)
        yield f"Snapshot {short(digest)} matches its digest"
    for name in ("requested_snapshot_id", "snapshot_id"):
        require(review[name] in known, f"The review's snapshot {short(review[name])} is missing.")
    for row in pack["signatures"]:
        require(
            row["snapshot_id"] in known,
            f"The snapshot {short(row['snapshot_id'])} that {named(row)} names is missing.",
        )


class Events:
    """The events of the pack, each with what it says, checked one by one."""

    def __init__(self, pack: Row) -> None:
        self.pack = pack
        self.rows: list[Row] = pack["events"]
        self.said: dict[int, Row] = {row["seq"]: json.loads(row["payload"]) for row in self.rows}
        self.words = {text["digest"]: text for text in pack["texts"]}

    def lines(self) -> Iterator[str]:
        last: Optional[Row] = None
        for row in self.rows:
            self._check(row, last)
            last = row
        self._check_texts()
        if not self.rows:
            raise Mismatch("There is no event of this review.")
        first, end = self.rows[0]["seq"], self.rows[-1]["seq"]
        count = counted(len(self.rows), "event")
        yield f"{count} of the audit log, {first} to {end}: hashes match"
        erased = sum("erased_at" in text for text in self.pack["texts"])
        if erased:
            yield f"{counted(erased, 'text')} of them were erased, and cannot be compared"

    def _check(self, row: Row, last: Optional[Row]) -> None:
        seq, said = row["seq"], self.said[row["seq"]]
        if last is not None:
            require(seq > last["seq"], f"Event {seq} is not in its order, after {last['seq']}.")
            follows = seq != last["seq"] + 1 or row["prev"] == last["hash"]
            require(follows, f"Event {seq} does not follow event {last['seq']}.")
        linked = sha256(f"audit/v1\n{seq}\n{row['prev']}\n{row['payload']}")
        require(linked == row["hash"], f"Event {seq} does not match its hash: it was changed.")
        require(said["seq"] == seq, f"Event {seq} holds what was event {said['seq']}.")
        require(
            said["initiative"] == self.pack["initiative"]["id"],
            f"Event {seq} is about another initiative.",
        )

    def _check_texts(self) -> None:
        mentioned = {d: seq for seq, said in self.said.items() for d in digests(said["changed"])}
        for digest, seq in mentioned.items():
            require(digest in self.words, f"A text of event {seq} is missing.")
        for digest, text in self.words.items():
            require(digest in mentioned, f"There is a text that event {text['event']} never named.")
            if "erased_at" not in text:
                require(
                    sha256(text["salt"] + text["words"]) == digest,
                    f"A text of event {mentioned[digest]} was changed: “{text['words'][:60]}”.",
                )

    def of(self, kind: str) -> list[tuple[Row, Row]]:
        """The events of a kind about this review, each with what it says."""
        subject = f"review:{self.pack['review']['id']}"
        return [
            (row, self.said[row["seq"]])
            for row in self.rows
            if self.said[row["seq"]]["kind"] == kind
            and (self.said[row["seq"]]["subject"] == subject or kind == "decision.made")
        ]

    def text(self, value: Any) -> Optional[str]:
        """The words that stand for a digest; None where they were erased."""
        text = self.words[value["text"]]
        return None if "erased_at" in text else text["words"]

    def require_words(self, said: Row, field: str, shown: str, what: str) -> None:
        """What the pack shows is what the event holds, but for blanks at the ends."""
        value = said["changed"].get(field)
        words = "" if value is None else self.text(value)
        if words is not None:
            require(words.strip() == shown.strip(), f"{what} is not what the audit log holds.")


def request_lines(pack: Row, events: Events) -> Iterator[str]:
    """What was asked about, and each change of the evidence after it up to the last."""
    review = pack["review"]
    asked = events.of("review.requested")
    require(len(asked) == 1, f"{counted(len(asked), 'request')} of this review, instead of one.")
    row, said = asked[0]
    digest = said["changed"]["digest"]
    same(review["requested_snapshot_id"], digest, "The evidence that was asked about", row)
    same(review["opened_at"], said["at"], "When it was asked for", row)
    same(review["opened_by_id"], said["actor"], "Who asked for it", row)
    same(review["gate"], said["changed"]["gate"], "The gate", row)
    yield f"Request of {day(said['at'])}: {recorded(row)}"
    for row, said in events.of("review.evidence_changed"):
        same(said["changed"]["before"], digest, "The evidence before it changed", row)
        digest = said["changed"]["after"]
        yield f"Evidence changed on {day(said['at'])}: {recorded(row)}"
    require(
        review["snapshot_id"] == digest,
        f"The evidence as it stood last is {short(digest)} in the audit log, "
        f"and {short(review['snapshot_id'])} in this pack.",
    )


def signature_lines(pack: Row, events: Events) -> Iterator[str]:
    """Each signature is the one that the log holds, none is left out, and all are in order."""
    logged = {row["seq"]: (row, said) for row, said in events.of("review.signed")}
    found: set[tuple[int, str]] = set()
    last = 0
    for signature in pack["signatures"]:
        seq, slot = signature["audit"]["seq"], signature["slot"]
        require(seq in logged, f"{named(signature)} is not in the audit log at position {seq}.")
        require(seq >= last, f"{named(signature)} is not in its order.")
        check_signature(signature, *logged[seq], events)
        found.add((seq, slot))
        last = seq
        row = logged[seq][0]
        lapsed = signature["snapshot_id"] != pack["review"]["snapshot_id"]
        on = ", on earlier evidence" if lapsed else ""
        yield f"{named(signature)} ({signature['verdict']}{on}): {recorded(row)}"
    for seq, (_, said) in logged.items():
        for slot in said["changed"]["slots"]:
            require(
                (seq, slot) in found,
                f"A signature is missing: the audit log holds one as {slot} at position {seq}.",
            )
    if not pack["signatures"]:
        yield "Nobody has signed"


def check_signature(signature: Row, row: Row, said: Row, events: Events) -> None:
    who, changed = named(signature), said["changed"]
    same(signature["audit"]["hash"], row["hash"], f"The receipt of {who}", row)
    same(signature["signer_id"], said["actor"], f"The signer of {who}", row)
    same(signature["signed_at"], said["at"], f"The time of {who}", row)
    same(signature["verdict"], changed["verdict"], f"The verdict of {who}", row)
    same(signature["snapshot_id"], changed["digest"], f"The evidence of {who}", row)
    on = changed.get("conditions", [])
    same(signature["conditions"], sorted(on), f"What {who} depends on", row)
    holder = changed.get("on_behalf_of")
    same(signature["on_behalf_of_id"], holder, f"In whose place {who} was given", row)
    same(signature["authentication_method"], changed["method"], f"The proof of {who}", row)
    proved_at = changed["authenticated_at"]
    same(signature["authenticated_at"], proved_at, f"The time of the proof of {who}", row)
    same(signature["policy_version"], changed["policy"], f"The policy version of {who}", row)
    require(signature["slot"] in changed["slots"], f"{who} was not given for {signature['slot']}.")
    place = changed["slots"].index(signature["slot"])
    same(signature["role"] or signature["group"], changed["as"][place], f"The role of {who}", row)
    require(
        changed["policy"] == events.pack["policy"]["version"],
        f"{who} names policy version {changed['policy']}.",
    )
    meant = {"changed": {"meaning": changed["meanings"][place]}}
    events.require_words(meant, "meaning", signature["meaning"], f"The meaning of {who}")
    printed = signature["printed_name"]
    events.require_words(said, "printed_name", printed, f"The printed name of {who}")
    events.require_words(said, "comment", signature["comment"], f"The comment of {who}")


def decision_lines(pack: Row, events: Events) -> Iterator[str]:
    decision, logged = pack["decision"], events.of("decision.made")
    if decision is None:
        require(not logged, "The decision is missing: the audit log holds one.")
        require(
            pack["review"]["closing"] not in ("decided", "sent_back"), "The decision is missing."
        )
        yield "No decision has been made"
        return
    told = [(row, said) for row, said in logged if said["at"] == decision["decided_at"]]
    told = [(row, said) for row, said in told if said["changed"]["decision"] == decision["kind"]]
    require(bool(told), f"The decision “{decision['kind']}” is not in the audit log.")
    row, said = told[0]
    same(decision["decided_by_id"], said["actor"], "Who decided", row)
    for field, key in (("from_stage", "from"), ("to_stage", "to"), ("snapshot_id", "digest")):
        same(decision[field], said["changed"][key], f"The decision's {field}", row)
    same(decision["days"], said["changed"].get("days"), "The days of the decision", row)
    same(decision["outcome"], said["changed"].get("outcome", ""), "The outcome", row)
    events.require_words(said, "reason", decision["reason"], "The reason of the decision")
    events.require_words(said, "lesson", decision["lesson"], "The lesson of the decision")
    if decision["review_id"] == pack["review"]["id"]:
        same(decision["snapshot_id"], pack["review"]["snapshot_id"], "The evidence decided on", row)
    yield f"Decision “{decision['kind']}” of {day(decision['decided_at'])}: {recorded(row)}"


def digests(value: Any) -> Iterator[str]:
    """The digest of every text that an event names."""
    if isinstance(value, dict) and value.keys() == {"text"}:
        yield value["text"]
    elif isinstance(value, dict):
        for item in value.values():
            yield from digests(item)
    elif isinstance(value, list):
        for item in value:
            yield from digests(item)


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Mismatch(otherwise)


def same(shown: Any, logged: Any, what: str, row: Row) -> None:
    where = f"the audit log says {logged!r} at position {row['seq']}"
    require(shown == logged, f"{what} is {shown!r} in this pack; {where}.")


def named(signature: Row) -> str:
    when = day(signature["signed_at"])
    return f"Signature of {signature['printed_name']} as {signature['slot']} on {when}"


def recorded(row: Row) -> str:
    return f"recorded at position {row['seq']}, hash {row['hash']}"


def day(stamp: str) -> str:
    """A moment of the log, as a day: `3 Nov 2026`, in UTC."""
    moment = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    return f"{moment.day} {moment:%b %Y}"


def short(digest: str) -> str:
    return str(digest)[:12]


def counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


if __name__ == "__main__":
    sys.exit(main())
