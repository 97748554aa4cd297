"""The decision pack: complete, recorded, and refused by its verifier wherever it was changed."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit import actions as audit
from audit.chain import link
from audit.models import Text
from reviews import actions
from reviews.models import Decision, Review, SignOff
from reviews.packs import contents, paper
from tests import factories
from tests.accounts.expectations import last_event
from tests.factories import NOON
from tests.reviews.scenes import DAY, MINUTE, sign, threshold

VERIFIER = Path(settings.BASE_DIR) / "tools" / "verify_pack.py"
COMMENT = "Measured on last month's letters."


class Packs(TestCase):
    """A charter that was signed, changed, signed again and decided."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = factories.make_cast()
        cls.initiative = factories.make_ready_for_charter(
            cast=cls.cast, name="Réclamations Łódź 保险 שלום"
        )
        asker = cls.cast.business_owner
        cls.review = factories.make_review(initiative=cls.initiative, by=asker, at=NOON - 2 * DAY)
        sign(cls.review, "sponsor", cls.cast.sponsor, at=NOON - DAY, comment=COMMENT)
        threshold(cls.initiative, 2_400, cls.cast.lead, at=NOON - DAY + MINUTE)
        for minutes, signer in enumerate(cls.cast.signers):
            at = NOON - 60 * MINUTE + minutes * MINUTE
            factories.sign_waiting(review=cls.review, by=signer, at=at, comment=COMMENT)
        cls.decision = actions.decide(
            initiative=cls.initiative,
            kind=Decision.Kind.PROCEED,
            reason="Clear baseline, small scope.",
            by=cls.cast.sponsor,
            at=NOON,
        )

    def pack(self, review: Review | None = None) -> contents.Pack:
        return actions.prepare_pack(review=review or self.review, at=NOON + DAY)

    def content(self, review: Review | None = None) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(contents.as_json(self.pack(review)))
        return found

    def verify(self, content: Any) -> tuple[int, str]:
        """What the verifier answers to a file with this in it, run as its users run it."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "pack.json"
            path.write_text(content if isinstance(content, str) else json.dumps(content))
            return self.run_verifier(str(path))

    def run_verifier(self, *arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-I", str(VERIFIER), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return done.returncode, done.stdout

    def refused(self, change: Callable[[dict[str, Any]], object]) -> str:
        """What is said of a pack in which this was changed; it has to be refused."""
        content = self.content()
        change(content)
        code, said = self.verify(content)
        assert code == 1, said
        return said.strip().splitlines()[-1]


@pytest.mark.embedded
class TestPack(Packs):
    def test_holds_every_column_of_a_signature_and_where_the_log_holds_it(self):
        signatures = self.content()["signatures"]
        assert len(signatures) == SignOff.objects.filter(review=self.review).count() == 5
        columns = {field.attname for field in SignOff._meta.concrete_fields}
        assert columns | {"slot", "audit", "conditions"} == signatures[0].keys()
        assert [s["audit"]["seq"] for s in signatures] == sorted(
            s["audit"]["seq"] for s in signatures
        )

    def test_holds_each_snapshot_that_a_signature_names(self):
        content = self.content()
        digests = {snapshot["digest"] for snapshot in content["snapshots"]}
        assert {s["snapshot_id"] for s in content["signatures"]} == digests
        assert len(digests) == 2
        for snapshot in content["snapshots"]:
            assert hashlib.sha256(snapshot["material"].encode()).hexdigest() == snapshot["digest"]

    def test_is_the_same_bytes_when_nothing_happened(self):
        assert contents.as_json(self.pack()) == contents.as_json(self.pack())

    def test_is_read_in_as_many_queries_however_many_have_signed(self):
        other = factories.make_ready_for_charter(cast=self.cast, name="Letters")
        review = factories.make_review(initiative=other, by=self.cast.business_owner, at=NOON)
        counts = []
        for signer in self.cast.signers:
            factories.sign_waiting(review=review, by=signer, at=NOON)
            with CaptureQueriesContext(connection) as asked:
                self.pack(review)
            counts.append(len(asked))
        assert len(set(counts)) == 1
        assert max(counts) <= 26

    def test_of_an_open_review_is_brought_up_to_its_evidence_first(self):
        other = factories.make_ready_for_charter(cast=self.cast, name="Letters")
        review = factories.make_review(initiative=other, by=self.cast.business_owner, at=NOON)
        before = review.snapshot_id
        threshold(other, 1_800, self.cast.lead, at=NOON + MINUTE)
        content = self.content(review)
        assert content["review"]["snapshot_id"] != before
        code, said = self.verify(content)
        assert code == 0, said
        assert "No decision has been made" in said
        assert "Nobody has signed" in said


class TestPaper(Packs):
    def test_is_a_pdf_with_other_scripts_in_it(self):
        found = paper.as_pdf(self.pack())
        assert found.startswith(b"%PDF-")
        assert b"/Lang" in found

    def test_says_so_where_a_letter_cannot_be_printed(self):
        pack = self.pack()
        with self.settings(PDF_FALLBACK_FONTS=[]):
            bare = paper.Paper(pack)
            bare.add_page()
            bare.say("Sam 保险")
            assert bare.unprintable == "保险"
            bare.say("Łódź Ελλάδα Жук")
            assert bare.unprintable == "保险"
            bare.output()  # which closes its fonts

    def test_is_written_of_every_kind_of_review(self):
        other = factories.make_ready_for_charter(cast=self.cast, name="Letters")
        review = factories.make_review(initiative=other, by=self.cast.business_owner, at=NOON)
        assert paper.as_pdf(self.pack(review)).startswith(b"%PDF-")
        actions.withdraw(review=review, reason="A guess.", by=self.cast.lead, at=NOON)
        assert paper.as_pdf(self.pack(review)).startswith(b"%PDF-")
        again = factories.make_review(initiative=other, by=self.cast.business_owner, at=NOON)
        actions.decide(
            initiative=other, kind="kill", reason="No.", outcome="priorities", lesson="Ask first.",
            by=self.cast.lead, at=NOON + MINUTE,
        )  # fmt: skip
        assert paper.as_pdf(self.pack(again)).startswith(b"%PDF-")
        assert self.verify(self.content(again))[0] == 0


class TestTakingAPack(Packs):
    def address(self, form: str = "json", review: Review | None = None) -> str:
        return reverse("reviews:pack", args=[(review or self.review).pk, form])

    def test_is_offered_on_the_page_of_the_review(self):
        self.client.force_login(self.cast.lead)
        page = self.client.get(self.review.get_absolute_url()).content.decode()
        assert self.address("pdf") in page
        assert self.address("json") in page

    def test_says_in_the_log_who_took_which_file(self):
        self.client.force_login(self.cast.compliance)
        for form, kind in (("json", "application/json"), ("pdf", "application/pdf")):
            response = self.client.get(self.address(form))
            assert (response.status_code, response["Content-Type"]) == (200, kind)
            assert f'-charter-{self.review.pk}.{form}"' in response["Content-Disposition"]
            event = last_event()
            assert (event.kind, event.actor_id) == ("review.exported", self.cast.compliance.pk)
            assert event.changed["sha256"] == hashlib.sha256(response.content).hexdigest()
        assert self.verify(self.client.get(self.address()).content.decode())[0] == 0

    def test_is_not_there_for_those_who_may_not_see_it(self):
        factories.restrict(initiative=self.initiative)
        self.client.force_login(factories.make_person())
        before = last_event().seq
        for form in ("json", "pdf"):
            assert self.client.get(self.address(form)).status_code == 404
        assert last_event().seq == before

    def test_is_there_in_two_forms_only_and_not_for_a_head_alone(self):
        self.client.force_login(self.cast.lead)
        assert self.client.get(self.address("docx")).status_code == 404
        assert self.client.head(self.address()).status_code == 405

    def test_asks_who_one_is(self):
        assert self.client.get(self.address()).status_code == 302


class TestVerifier(Packs):
    def test_says_what_matches_and_where_it_is_recorded(self):
        code, said = self.verify(self.content())
        assert code == 0, said
        digest = self.decision.snapshot_id[:12]
        assert f"Snapshot {digest} matches its digest" in said
        seq = self.content()["signatures"][0]["audit"]["seq"]
        assert "Signature of Sam Sponsor as sponsor on 1 Mar 2026 (approve, on earlier" in said
        assert f"recorded at position {seq}, hash " in said
        assert "Decision “proceed” of 2 Mar 2026: recorded at position" in said

    def test_explains_itself_and_what_it_cannot_prove(self):
        code, said = self.run_verifier("--help")
        assert code == 0
        assert "What no file can prove by itself" in said
        assert "receipts that the signers hold" in said

    def test_stands_alone_and_runs_on_python_3_9(self):
        tree = ast.parse(VERIFIER.read_text(), feature_version=(3, 9))
        imported = {
            name.split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
            + [alias.name for alias in node.names if isinstance(node, ast.Import)]
        }
        assert imported <= sys.stdlib_module_names

    def test_refuses_another_verdict(self):
        said = self.refused(lambda p: p["signatures"][1].update(verdict="reject"))
        assert said.startswith("DOES NOT MATCH. The verdict of Signature of Sam Sponsor as sponsor")

    def test_refuses_another_comment(self):
        said = self.refused(lambda p: p["signatures"][1].update(comment="Fine."))
        assert "The comment of Signature of Sam Sponsor as sponsor" in said

    def test_refuses_another_comment_though_its_text_says_the_same(self):
        def change(pack):
            pack["signatures"][1]["comment"] = "Fine."
            for text in pack["texts"]:
                text["words"] = text["words"].replace(COMMENT, "Fine.")

        assert "was changed: “Fine.”" in self.refused(change)

    def test_refuses_another_value_in_any_field_of_a_signature(self):
        whose = "of Signature of Sam Sponsor as sponsor"
        for field, value, said in (
            ("printed_name", "Somebody Else", "The printed name of Signature of Somebody Else"),
            ("meaning", "I was there.", f"The meaning {whose}"),
            ("role", "production_owner", f"The role {whose}"),
            ("on_behalf_of_id", 1, "In whose place Signature of Sam Sponsor"),
            ("authentication_method", "passkey", f"The proof {whose}"),
            ("authenticated_at", "2026-01-01T00:00:00.000000Z", "The time of the proof of"),
            ("policy_version", 2, f"The policy version {whose}"),
            ("conditions", [1], "What Signature of Sam Sponsor"),
        ):
            with self.subTest(field=field):
                changed = {field: value}
                assert said in self.refused(lambda p, c=changed: p["signatures"][1].update(c))

    def test_refuses_another_threshold(self):
        def change(pack):
            for row in pack["snapshots"]:
                row["material"] = row["material"].replace('threshold":"2400"', 'threshold":"9000"')

        assert f"Snapshot {self.decision.snapshot_id[:12]} does not match" in self.refused(change)

    def test_refuses_another_threshold_with_its_digest_made_anew(self):
        def change(pack):
            for row in pack["snapshots"]:
                if row["digest"] == self.decision.snapshot_id:
                    row["material"] = row["material"].replace('"2400"', '"9000"')
                    new = hashlib.sha256(row["material"].encode()).hexdigest()
            text = json.dumps(pack).replace(self.decision.snapshot_id, new)
            events = pack["events"]
            pack.clear()
            pack.update(json.loads(text) | {"events": events})
            pack["snapshots"] = [
                s | {"digest": hashlib.sha256(s["material"].encode()).hexdigest()}
                for s in pack["snapshots"]
            ]

        assert "The evidence as it stood last is" in self.refused(change)

    def test_refuses_another_digest_of_a_signature(self):
        def change(pack):
            older = pack["signatures"][0]["snapshot_id"]
            pack["signatures"][2]["snapshot_id"] = older

        assert "The evidence of Signature of Bea Business" in self.refused(change)

    def test_refuses_when_a_signature_is_missing(self):
        said = self.refused(lambda p: p["signatures"].pop(2))
        assert "A signature is missing: the audit log holds one as business_owner" in said

    def test_refuses_a_signature_that_the_log_does_not_hold(self):
        def change(pack):
            pack["signatures"].append(pack["signatures"][1] | {"slot": "security"})
            pack["signatures"].sort(key=lambda s: s["audit"]["seq"])

        assert "was not given for security" in self.refused(change)

    def test_refuses_another_order(self):
        assert "is not in its order" in self.refused(lambda p: p["signatures"].reverse())
        assert "is not in its order" in self.refused(lambda p: p["events"].reverse())

    def test_refuses_when_an_event_is_missing(self):
        said = self.refused(lambda p: p["events"].pop(0))
        assert "There is a text" in said or "0 requests of this review" in said

    def test_refuses_an_event_that_was_changed(self):
        def change(pack):
            event = pack["events"][1]
            event["payload"] = event["payload"].replace('"approve"', '"reject"')

        assert "does not match its hash: it was changed" in self.refused(change)

    def rewritten(self, number: int) -> str:
        """What is said when an event says something else, with a hash that fits."""

        def change(pack: dict[str, Any]) -> None:
            event = pack["events"][number]
            event["payload"] = event["payload"].replace('"approve"', '"reject"')
            event["hash"] = link(event["seq"], event["prev"], event["payload"])

        return self.refused(change)

    def test_refuses_an_event_that_was_rewritten_with_its_hash(self):
        kinds = [json.loads(e["payload"])["kind"] for e in self.content()["events"]]
        first, last = kinds.index("review.signed"), len(kinds) - 2
        assert kinds[last] == "review.signed"
        seqs = [e["seq"] for e in self.content()["events"]]
        assert seqs[last + 1] == seqs[last] + 1
        assert "does not follow event" in self.rewritten(last)
        assert seqs[first + 1] > seqs[first] + 1, "an event about the metric lies between"
        assert "The receipt of Signature of Sam Sponsor" in self.rewritten(first)

    def test_refuses_another_policy(self):
        def change(pack):
            pack["policy"]["text"] += "\n"

        assert "The text of policy version 1 does not match" in self.refused(change)

    def test_refuses_another_decision(self):
        for field, value, said in (
            ("kind", "kill", "The decision “kill” is not in the audit log"),
            ("reason", "Why not.", "The reason of the decision"),
            ("decided_by_id", 1_000, "Who decided"),
            ("to_stage", "production", "The decision's to_stage"),
        ):
            assert said in self.refused(lambda p, f=field, v=value: p["decision"].update({f: v}))
        assert "The decision is missing" in self.refused(lambda p: p.update(decision=None))

    def test_refuses_a_part_of_another_kind_without_a_traceback(self):
        assert "of another kind" in self.refused(lambda p: p.update(signatures=[7]))
        assert "of another kind" in self.refused(lambda p: p.update(events=None))

    def test_says_what_was_erased_and_compares_the_rest(self):
        texts = Text.objects.filter(words=COMMENT)
        audit.erase(texts, subject="person:1", at=NOON + DAY)
        code, said = self.verify(self.content())
        assert code == 0, said
        assert "texts of them were erased" in said

    def test_cannot_read_what_is_no_pack(self):
        for content in ("{", "[]", {"format": "gatehouse/decision-pack", "version": 2}):
            code, said = self.verify(content)
            assert code == 2
            assert said.startswith("This cannot be checked")
        assert self.run_verifier("/nowhere/pack.json")[0] == 2
