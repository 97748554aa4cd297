"""Drafting and publishing policies: who may, what is refused, and what stays as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import TestCase

from initiatives import facts
from reviews import actions, drafts, gates, policy, queries
from reviews.actions.policies import LONGEST
from reviews.checks import CHECKS
from reviews.models import PolicyDraft, PolicyVersion, Review
from tests import factories
from tests.factories import NOON, TODAY
from tests.reviews.scenes import DAY, MINUTE, judged, last_event, publish_policy, refusal, standing

STRICTER = ('title = "Where it joins the daily work is settled"\n',) * 2


def stricter(text: str) -> str:
    """The same policy with 30 days for a pilot, and one criterion more at the charter."""
    added = """[[gates.charter.criteria]]
key = "works_council"
title = "The works council was heard"
why = "It is asked anyway, and later costs more."

  [[gates.charter.criteria.fields]]
  key = "said"
  label = "What did it say?"
  type = "text"

[[gates.charter.slots]]
key = "sponsor"
"""
    text = text.replace("pilot_days = 42", "pilot_days = 30")
    return text.replace('[[gates.charter.slots]]\nkey = "sponsor"\n', added)


class Drafting(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = factories.make_lead(name="Ada Lead")
        cls.ben = factories.make_lead(name="Ben Lead")
        cls.member = factories.make_person(name="Mia Member")
        cls.auditor = factories.make_auditor()

    def start(self, by=None, at=NOON):
        return actions.start_draft(by=by or self.ada, at=at)

    def save(self, draft, text, by=None, at=NOON + MINUTE, **more):
        revision = more.pop("revision", draft.revision)
        return actions.save_draft(
            draft=draft, revision=revision, text=text, by=by or self.ada, at=at, **more
        )

    def drafted(self):
        return self.save(self.start(), stricter(policy.default_text()))

    def publish(self, draft, by=None, at=NOON + DAY, reason="Pilots took too long.", **more):
        revision = more.pop("revision", draft.revision)
        return actions.publish_draft(
            draft=draft, revision=revision, reason=reason, by=by or self.ben, at=at
        )


class TestStartDraft(Drafting):
    def test_begins_with_the_text_in_force(self):
        draft = self.start()
        assert draft.text == policy.default_text()
        assert (draft.based_on.version, draft.edited_by, draft.state) == (1, self.ada, "open")
        assert last_event().kind == "policy.draft_started"

    def test_refuses_a_second_one(self):
        self.start()
        assert refusal(actions.start_draft, by=self.ben, at=NOON).rule == "draft_open"
        assert last_event().kind == "policy.start_refused"

    def test_is_for_leads(self):
        for person in (self.member, self.auditor, factories.make_administrator()):
            assert refusal(actions.start_draft, by=person, at=NOON).rule == "not_a_lead"
        assert not PolicyDraft.objects.exists()

    def test_is_possible_again_once_the_last_was_closed(self):
        draft = self.start()
        actions.discard_draft(draft=draft, revision=1, by=self.ben, at=NOON)
        assert self.start().pk != draft.pk

    def test_has_the_database_say_so_too(self):
        draft = self.start()
        draft.pk = None
        with pytest.raises(IntegrityError):
            draft.save(force_insert=True)


class TestSaveDraft(Drafting):
    def test_keeps_what_is_unfinished(self):
        draft = self.save(self.start(), "name = 'half", by=self.ben, notes=" Shorter pilots. ")
        assert (draft.text, draft.notes) == ("name = 'half", "Shorter pilots.")
        assert (draft.revision, draft.edited_by) == (2, self.ben)
        assert last_event().kind == "policy.draft_saved"

    def test_refuses_what_was_read_before_somebody_elses_change(self):
        draft = self.start()
        self.save(draft, "name = 'one'", by=self.ben)
        refused = refusal(self.save, draft, "name = 'two'", revision=1)
        assert refused.rule == "overtaken"
        assert "Ben Lead has changed this draft" in refused.message
        assert PolicyDraft.objects.get().text == "name = 'one'"

    def test_makes_nobody_the_last_editor_who_changed_nothing(self):
        draft = self.start()
        again = self.save(draft, draft.text.replace("\n", "\r\n"), by=self.ben)
        assert (again.edited_by, again.revision) == (self.ada, 1)
        assert last_event().kind == "policy.draft_started"

    def test_is_for_leads(self):
        draft = self.start()
        for person in (self.member, self.auditor):
            assert refusal(self.save, draft, "x = 1", by=person).rule == "not_a_lead"

    def test_refuses_what_is_no_text_and_what_is_too_long(self):
        draft = self.start()
        assert refusal(self.save, draft, "a\0b").rule == "not_text"
        assert refusal(self.save, draft, "x" * (LONGEST + 1)).rule == "too_long"

    def test_refuses_a_closed_draft(self):
        draft = self.start()
        actions.discard_draft(draft=draft, revision=1, by=self.ada, at=NOON)
        assert refusal(self.save, draft, "x = 1").rule == "closed"

    def test_says_when_a_file_was_imported(self):
        self.save(self.start(), "\ufeffx = 1\r\n", imported=True)
        assert PolicyDraft.objects.get().text == "x = 1\n"
        assert last_event().kind == "policy.draft_imported"


class TestDiscardDraft(Drafting):
    def test_leaves_no_version(self):
        draft = self.start()
        actions.discard_draft(draft=draft, revision=1, by=self.ben, at=NOON)
        assert PolicyDraft.objects.get().state == PolicyDraft.State.DISCARDED
        assert PolicyVersion.objects.count() == 1
        assert last_event().kind == "policy.draft_discarded"

    def test_is_for_leads_who_have_read_it(self):
        draft = self.start()
        for by, revision, rule in ((self.member, 1, "not_a_lead"), (self.ben, 7, "overtaken")):
            found = refusal(actions.discard_draft, draft=draft, revision=revision, by=by, at=NOON)
            assert found.rule == rule


class TestPublishDraft(Drafting):
    def test_makes_it_the_next_version(self):
        draft = self.drafted()
        version = self.publish(draft)
        assert (version.version, version.text) == (2, stricter(policy.default_text()))
        assert (version.drafted_by, version.published_by) == (self.ada, self.ben)
        assert version.reason == "Pilots took too long."
        assert queries.current_policy().limits.pilot_days == 30
        draft.refresh_from_db()
        assert (draft.state, draft.published_as) == ("published", version)
        assert last_event().kind == "policy.published"

    def test_refuses_whoever_changed_it_last(self):
        draft = self.drafted()
        refused = refusal(self.publish, draft, by=self.ada)
        assert refused.rule == "own_draft"
        assert "second portfolio lead" in refused.message
        assert last_event().kind == "policy.publish_refused"
        assert PolicyVersion.objects.count() == 1

    def test_refuses_the_one_who_came_last_whoever_began_it(self):
        draft = self.save(self.start(by=self.ben), stricter(policy.default_text()), by=self.ada)
        assert refusal(self.publish, draft, by=self.ada).rule == "own_draft"
        assert self.publish(draft, by=self.ben).version == 2

    def test_is_for_leads(self):
        draft = self.drafted()
        for person in (self.member, self.auditor, factories.make_administrator()):
            assert refusal(self.publish, draft, by=person).rule == "not_a_lead"

    def test_refuses_a_lead_who_is_no_longer_here(self):
        draft = self.drafted()
        self.ben.is_active = False
        assert refusal(self.publish, draft).rule == "not_a_lead"

    def test_refuses_what_is_wrong_and_says_everything(self):
        text = policy.default_text().replace("pilot_days = 42", "pilot_days = 0")
        text = text.replace('group = "finance"', 'group = "treasury"')
        refused = refusal(self.publish, self.save(self.start(), text))
        assert refused.rule == "invalid"
        assert refused.message == "3 things are wrong with this draft: mend them first."
        assert (
            "Charter gate, slot finance: the group 'treasury' is unknown."
            in (refused.detail["problems"])
        )

    def test_refuses_without_a_reason(self):
        refused = refusal(self.publish, self.drafted(), reason="  ")
        assert (refused.rule, refused.field) == ("why", "reason")

    def test_refuses_what_was_changed_since_it_was_read(self):
        assert refusal(self.publish, self.drafted(), revision=1).rule == "overtaken"

    def test_refuses_what_says_nothing_new(self):
        assert refusal(self.publish, self.start()).rule == "nothing_new"

    def test_refuses_to_do_it_twice(self):
        draft = self.drafted()
        self.publish(draft)
        assert refusal(self.publish, draft).rule == "closed"

    def test_lets_a_group_of_the_organisations_own_sign(self):
        text = policy.default_text().replace('group = "finance"', 'group = "works_council"')
        draft = self.save(self.start(), text)
        assert refusal(self.publish, draft).rule == "invalid"
        council = factories.make_group_member(group="security", name="Cora Council")
        council.memberships.get().group.__class__.objects.create(
            key="works_council", name="Works council"
        )
        self.publish(draft)
        slots = queries.current_policy().gates["charter"].slots
        assert "works_council" in {slot.group for slot in slots}


class TestPublishedVersions(Drafting):
    """A published version never changes, and each of them can be evaluated (product.md §3)."""

    def test_are_all_evaluated(self):
        cast = factories.make_cast()
        initiative = factories.make_ready_for_charter(cast=cast, at=NOON - 20 * DAY)
        self.publish(self.drafted())
        publish_policy(lambda text: text.replace('name = "Default', 'name = "Third'))
        known = facts.load_one(initiative.pk)
        for version in PolicyVersion.objects.all():
            read = queries.parsed(version)
            for gate in read.gates:
                judged_all = gates.evaluate(known, gate, read, TODAY)
                assert [j.criterion.key for j in judged_all], (version, gate)
                assert all(j.verdict.reason for j in judged_all)

    def test_are_read_even_where_a_later_rule_would_refuse_them(self):
        text = policy.default_text().replace('group = "finance"', 'group = "gone"')
        version = PolicyVersion.objects.create(version=2, text=text, published_at=NOON)
        assert queries.parsed(version).version == 2
        with pytest.raises(policy.InvalidPolicy):
            drafts.read_draft(text, version=2)


class TestPinnedReview(Drafting):
    """While a review is open, its page, its digest and its decision go by its own version."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.cast = factories.make_cast()
        cls.initiative = factories.make_ready_for_charter(cast=cls.cast, at=NOON - 20 * DAY)
        cls.review = factories.make_signed_review(
            initiative=cls.initiative, cast=cls.cast, at=NOON - 2 * DAY
        )

    def test_keeps_its_digest_its_signatures_and_what_it_asks(self):
        before = standing(self.review)
        self.publish(self.drafted(), at=NOON)
        after = standing(self.review)
        assert (after.digest, after.policy.version) == (before.digest, 1)
        assert after.lacking() == before.lacking() == []
        assert "works_council" not in {j.criterion.key for j in after.judged}
        assert judged(self.initiative, "works_council").blocks

    def test_is_decided_by_it(self):
        self.publish(self.drafted(), at=NOON)
        decision = actions.decide(
            initiative=self.initiative,
            kind="proceed",
            reason="It is time.",
            by=self.cast.sponsor,
            at=NOON + DAY,
        )
        assert decision.review.policy.version == 1
        assert factories.reloaded(self.initiative).stage == "pilot"
        sign_off = self.review.sign_offs.first()
        assert sign_off.policy_version == 1

    def test_is_answered_by_it(self):
        """A question that the new version dropped can still be answered for an open review."""
        text = policy.default_text()
        begin = text.index('[[gates.charter.criteria]]\nkey = "pilot_conditions"')
        end = text.index('[[gates.charter.criteria]]\nkey = "stakeholders"')
        dropped = text[:begin] + text[end:]
        dropped = dropped.replace('  starts_from = "pilot_conditions.conditions"\n', "")
        self.publish(self.save(self.start(), dropped), at=NOON)
        row = {"in_pilot": "Twelve.", "closes": "Training.", "in_production": "All."}
        actions.answer(
            initiative=self.initiative,
            criterion="pilot_conditions",
            values={"conditions": [row]},
            by=self.cast.lead,
            at=NOON + DAY,
        )
        Review.objects.update(closed_at=NOON + DAY, closing=Review.Closing.WITHDRAWN)
        refused = refusal(
            actions.answer,
            initiative=self.initiative,
            criterion="pilot_conditions",
            values={"conditions": [row]},
            by=self.cast.lead,
            at=NOON + 2 * DAY,
        )
        assert refused.rule == "unknown_criterion"

    def test_is_followed_by_reviews_that_go_by_the_new_one(self):
        self.publish(self.drafted(), at=NOON)
        other = factories.make_ready_for_charter(cast=self.cast, at=NOON - 20 * DAY, name="Other")
        review = factories.make_review(
            initiative=other, by=self.cast.business_owner, at=NOON + timedelta(hours=1)
        )
        assert review.policy.version == 2
        assert any("works council" in line for line in standing(review).lacking())


class TestLookedAt(Drafting):
    def test_says_what_is_wrong_or_what_it_changes(self):
        draft = self.start()
        found = drafts.looked_at()
        assert found.changes_nothing
        assert found.bar_to_publishing(self.ben) == "It says what version 1 says."
        self.save(draft, stricter(policy.default_text()))
        found = drafts.looked_at()
        assert [(s.title, len(s.changes)) for s in found.differences] == [
            ("Limits", 1), ("Charter gate", 1),
        ]  # fmt: skip
        assert found.bar_to_publishing(self.ben) is None
        assert "changed this draft last" in str(found.bar_to_publishing(self.ada))
        assert "Only portfolio leads" in str(found.bar_to_publishing(self.auditor))

    def test_says_who_is_missing_to_sign(self):
        text = policy.default_text().replace(
            'group = "operations"', 'group = "operations"\nquorum = 2'
        )
        factories.make_group_member(group="operations", name="Oz Operations")
        self.save(self.start(), text)
        assert (
            "Go-live gate, slot operations: 2 of Operations have to sign, and the group has 1 "
            "active." in drafts.looked_at().shortages
        )

    def test_says_that_another_version_came_between(self):
        self.save(self.start(), stricter(policy.default_text()))
        assert not drafts.looked_at().is_behind
        publish_policy(lambda text: text.replace("stalled_days = 21", "stalled_days = 20"))
        assert drafts.looked_at().is_behind


def test_every_check_knows_what_it_may_be_told():
    assert policy.unreachable.PARAMETERS.keys() <= CHECKS.keys()
