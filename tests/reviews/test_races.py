"""What happens at one moment, with real processes on PostgreSQL (reliability.md, proofs c and d).

SQLite has one writer at a time and hides all of this.
"""

from __future__ import annotations

import json
import time
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase
from django.utils import timezone

from audit.models import Event
from audit.verification import verify
from initiatives.models import Baseline, Initiative, Metric, StageSpell
from initiatives.stages import Stage
from reviews import actions
from reviews.models import (
    Decision,
    Judgement,
    PolicyDraft,
    PolicyVersion,
    Review,
    SignOff,
    Slot,
    UnmetCriterion,
)
from tests import factories
from tests.reviews.racing import race
from tests.reviews.scenes import standing, state, threshold

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="races are promised on PostgreSQL"
)


class RaceTestCase(TransactionTestCase):
    def setUp(self):
        self.now = timezone.now()
        self.cast = factories.make_cast(at=self.now - timedelta(days=400))
        self.initiative = factories.make_ready_for_charter(
            cast=self.cast, at=self.now - timedelta(days=20)
        )
        self.metric = Metric.objects.get(initiative=self.initiative)

    def requested(self) -> Review:
        return factories.make_review(
            initiative=self.initiative,
            by=self.cast.business_owner,
            at=self.now - timedelta(days=2),
        )

    def signed(self) -> Review:
        return factories.make_signed_review(
            initiative=self.initiative, cast=self.cast, at=self.now - timedelta(days=2)
        )

    def leads(self, count: int) -> list[int]:
        hired = self.now - timedelta(days=400)
        return [factories.make_lead(name=f"Lead {number}", at=hired).pk for number in range(count)]

    def asked(self, review: Review, count: int) -> list[int]:
        """So many members of compliance, who all have to sign."""
        hired = self.now - timedelta(days=400)
        members = [
            factories.make_group_member(group="compliance", name=f"Member {n}", at=hired).pk
            for n in range(count)
        ]
        Slot.objects.filter(review=review, key="compliance").update(quorum=count)
        return members

    def slot(self, review: Review, key: str = "compliance") -> int:
        return Slot.objects.get(review=review, key=key).pk

    def assert_one_stage(self, stage: str, version: int):
        row = factories.reloaded(self.initiative)
        assert (row.stage, row.version) == (stage, version)
        assert StageSpell.objects.filter(initiative=row, left_at=None).count() == 1
        assert StageSpell.objects.filter(initiative=row).count() == version
        assert verify().clean


class TestDecisions(RaceTestCase):
    def test_at_once_move_it_once(self):
        self.signed()
        people = [self.cast.sponsor.pk, *self.leads(9)]
        ends = race("decide", processes=4, threads=10, initiative=self.initiative.pk, people=people)
        assert ends["done"] == 1
        assert sum(ends.values()) == 40
        assert set(ends) <= {"done", "no_open_review", "wrong_stage", "overtaken"}
        assert Decision.objects.count() == 1
        assert Baseline.objects.count() == 1
        assert Event.objects.filter(kind="decision.made").count() == 1
        assert Event.objects.filter(kind="decision_refused").count() == 39
        self.assert_one_stage(Stage.PILOT, 2)

    def test_that_contradict_each_other_are_taken_one_after_the_other(self):
        self.signed()
        ends = race(
            "kill_or_proceed",
            processes=6,
            threads=5,
            initiative=self.initiative.pk,
            people=[self.cast.sponsor.pk, *self.leads(4)],
        )
        assert not [end for end in ends if end.startswith("ERROR")]
        # A pilot can still be killed; nothing follows a kill.
        assert ends["kill"] == 1
        assert ends["proceed"] + ends["send_back"] <= 1
        self.assert_one_stage(Stage.RETIRED, 2 + ends["proceed"])
        assert not Review.objects.open().exists()


class TestSuspensions(RaceTestCase):
    def test_at_once_are_one_decision_and_refusals(self):
        Initiative.objects.filter(pk=self.initiative.pk).update(stage=Stage.PILOT)
        people = [self.cast.sponsor.pk, self.cast.compliance.pk, self.cast.lead.pk]
        ends = race("suspend", processes=5, threads=4, initiative=self.initiative.pk, people=people)
        assert ends == {"done": 1, "already_suspended": 19}
        decision = Decision.objects.get()
        row = factories.reloaded(self.initiative)
        assert (row.suspended_because, row.suspended_by_id) == (
            decision.reason, decision.decided_by_id,
        )  # fmt: skip
        assert verify().clean


class TestRequests(RaceTestCase):
    def test_at_once_open_one_review(self):
        ends = race(
            "request",
            processes=10,
            threads=4,
            initiative=self.initiative.pk,
            people=[self.cast.sponsor.pk, self.cast.business_owner.pk, self.cast.lead.pk],
        )
        assert ends == {"done": 1, "already_open": 39}
        assert Review.objects.count() == 1
        assert Slot.objects.count() == 4


class TestSignatures(RaceTestCase):
    def test_of_one_person_in_one_slot_are_stored_once(self):
        review = self.requested()
        ends = race(
            "sign",
            processes=10,
            threads=4,
            slot=self.slot(review, "sponsor"),
            people=[self.cast.sponsor.pk],
        )
        assert ends == {"done": 1, "already_signed": 39}
        assert SignOff.objects.count() == 1

    def test_of_many_people_are_all_stored(self):
        review = self.requested()
        members = self.asked(review, 40)
        ends = race("sign", processes=4, threads=10, slot=self.slot(review), people=members)
        assert ends == {"done": 40}
        assert state(review, "compliance").is_filled
        seqs = list(Event.objects.order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, len(seqs) + 1))

    def test_of_more_people_than_are_wanted_stop_at_the_quorum(self):
        review = self.requested()
        members = self.asked(review, 20)
        Slot.objects.filter(review=review, key="compliance").update(quorum=3)
        ends = race("sign", processes=5, threads=4, slot=self.slot(review), people=members)
        assert ends == {"done": 3, "slot_filled": 17}


class TestSignersAgainstEditors(RaceTestCase):
    def test_leave_no_signature_on_evidence_that_was_not_current(self):
        review = self.requested()
        members = self.asked(review, 40)
        ends = race(
            "sign_or_edit",
            processes=4,
            threads=10,
            times=4,
            initiative=self.initiative.pk,
            metric=self.metric.pk,
            slot=self.slot(review),
            people=members,
        )
        words = {word for end in ends for word in end.split()}
        assert words <= {
            "edit:done", "sign:done", "sign:evidence_changed", "sign:already_signed",
        }, ends  # fmt: skip
        assert "sign:done" in words
        assert "sign:evidence_changed" in words
        self.assert_signed_what_was_there()
        current = standing(review).digest
        assert all(s.snapshot_id == current for s in state(review, "compliance").live)

    def assert_signed_what_was_there(self):
        """The log is in the order of the locks: replay it, and look at what each one signed."""
        key = f"metric.{self.metric.pk}.threshold"
        signed = {
            (s.signer_id, s.snapshot_id): json.loads(s.snapshot.material)[key]
            for s in SignOff.objects.select_related("snapshot")
        }
        now, looked_at = "2700", 0
        for event in Event.objects.order_by("seq"):
            said = json.loads(event.payload)
            if event.kind == "metric.changed" and "threshold" in said["changed"]:
                now = said["changed"]["threshold"][1]
            elif event.kind == "review.signed":
                assert signed[said["actor"], said["changed"]["digest"]] == now, event.seq
                looked_at += 1
        assert looked_at == len(signed) > 0


class TestPolicies(RaceTestCase):
    def drafted(self) -> PolicyDraft:
        draft = actions.start_draft(by=self.cast.lead, at=self.now)
        text = draft.text.replace("pilot_days = 42", "pilot_days = 30")
        return actions.save_draft(
            draft=draft, revision=1, text=text, by=self.cast.lead, at=self.now
        )

    def test_are_drafted_once(self):
        ends = race("start_draft", processes=5, threads=4, people=self.leads(5))
        assert ends == {"done": 1, "draft_open": 19}
        assert PolicyDraft.objects.count() == 1

    def test_are_published_once(self):
        draft = self.drafted()
        ends = race(
            "publish",
            processes=5,
            threads=4,
            draft=draft.pk,
            revision=draft.revision,
            people=self.leads(5),
        )
        assert ends == {"done": 1, "closed": 19}
        assert list(PolicyVersion.objects.values_list("version", flat=True)) == [2, 1]
        assert Event.objects.filter(kind="policy.published").count() == 1
        assert verify().clean

    def test_are_published_only_as_they_were_read(self):
        draft = self.drafted()
        ends = race(
            "publish_or_save",
            processes=5,
            threads=4,
            draft=draft.pk,
            revision=draft.revision,
            people=self.leads(20),
        )
        assert not [end for end in ends if "ERROR" in end], ends
        assert ends["publish:done"] + ends["save:done"] == 1, ends
        published = PolicyVersion.objects.filter(version=2).first()
        assert published is None or published.text == draft.text


class TestLocks(RaceTestCase):
    def test_on_people_and_on_initiatives_never_wait_for_each_other_in_a_ring(self):
        """Whatever somebody does here refers to them, while others lock them, to ask them into a
        role or to deactivate them, and then want what the act has locked."""
        ends = race(
            "act_ask_or_deactivate",
            processes=9,
            threads=4,
            initiative=self.initiative.pk,
            people=self.leads(12),
        )
        assert set(ends) <= {"done", "acted", "not_an_editor", "owner_inactive"}, ends
        assert ends["acted"]
        assert verify().clean


class TestNoticeChanges(RaceTestCase):
    def test_leaves_alone_what_was_closed_while_it_waited_for_the_lock(self):
        review = self.requested()
        threshold(self.initiative, 2_400, self.cast.lead, self.now)
        noticing = Thread(target=self.notice)
        with transaction.atomic():
            Initiative.objects.select_for_update(of=("self",)).get(pk=self.initiative.pk)
            noticing.start()
            self.wait_until_somebody_waits()
            actions.decide(
                initiative=self.initiative,
                kind="kill",
                reason="It is time.",
                by=self.cast.sponsor,
                at=self.now,
                outcome="priorities",
                lesson="None.",
            )
        noticing.join()
        closed = Review.objects.get(pk=review.pk)
        assert closed.closing == Review.Closing.STOPPED
        assert closed.snapshot_id == review.snapshot_id

    def notice(self) -> None:
        try:
            actions.notice_changes(at=self.now)
        finally:
            connection.close()

    def wait_until_somebody_waits(self) -> None:
        for _ in range(500):
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                if cursor.fetchone()[0]:
                    return
            time.sleep(0.01)
        pytest.fail("Nobody waited for the lock.")


class TestJudging(RaceTestCase):
    def test_of_many_ticks_at_once_keeps_each_spell_once(self):
        at = self.now - timedelta(days=9)
        for number in range(30):
            factories.make_initiative(by=self.cast.lead, name=f"Letters {number}", at=at)
        ends = race("judge", processes=8, threads=2)
        assert ends == {"done": 16}
        actions.judge(at=self.now)  # what the first had not done when the others left
        assert Judgement.objects.filter(is_due=False).count() == 31
        spells = UnmetCriterion.objects.open().values_list("initiative", "gate", "key")
        assert len(spells) == len(set(spells)) > 30
