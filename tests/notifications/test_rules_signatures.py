"""The rules about open reviews: late, stale and impossible signatures; and that what they read in
one query is what a review's own page says."""

from __future__ import annotations

from datetime import UTC, datetime

from accounts import actions as people
from accounts.models import Membership, Person
from initiatives.models import Initiative, Obligation
from initiatives.stages import Role
from notifications import actions as notifications
from notifications import queries
from notifications.models import Flag
from reviews import actions, waiting
from reviews.models import Review, SignOff, Slot
from tests import factories
from tests.factories import NOON, TODAY
from tests.notifications.scenes import found_by, make_quiet, open_rules, owed
from tests.reviews.scenes import APPROVE, DAY, REJECT, give, sign, slot, standing, threshold
from tests.reviews.test_standing_in import StandingIn

SECONDS = 40 * 60
EVERYTHING = Initiative.objects.all()


class Signatures(StandingIn):
    """A charter review of yesterday, due in five working days: on 6 March."""

    def notice(self):
        """As the sweep does first."""
        actions.notice_changes(at=NOON)

    def sign_all(self, *keys):
        signers = {
            "sponsor": self.cast.sponsor,
            "business_owner": self.cast.business_owner,
            "engineering_owner": self.cast.engineering_owner,
            "compliance": self.cast.compliance,
        }
        for key in keys or signers:
            sign(self.review, key, signers[key])

    def leave(self, person):
        people.deactivate(person=person, by=None, at=NOON)

    def due(self, day):
        Review.objects.update(due_date=day)

    def leaves_out_what_does_not_count(self, rule):
        assert len(found_by(rule)) == 1
        Initiative.objects.filter(pk=self.initiative.pk).update(
            stage="pilot", suspended_at=NOON, suspended_until=TODAY, suspended_because="It errs."
        )
        assert found_by(rule) == []
        Initiative.objects.filter(pk=self.initiative.pk).update(
            suspended_at=None, suspended_until=None, suspended_because=""
        )
        make_quiet(self.initiative)
        assert found_by(rule) == []
        Initiative.objects.filter(pk=self.initiative.pk).update(counting_since=NOON)
        assert len(found_by(rule)) == 1
        actions.withdraw(review=self.review, reason="No.", by=self.cast.lead, at=NOON)
        assert found_by(rule) == []


class TestWaiting(Signatures):
    """The twin of `SlotState`: both say the same of every situation."""

    def agree(self):
        self.notice()
        states = standing(Review.objects.get(pk=self.review.pk)).slots
        unfilled = set(waiting.unfilled(TODAY, EVERYTHING).values_list("pk", flat=True))
        assert unfilled == {s.slot.pk for s in states if not s.is_filled}
        unfillable = {s.pk: s.able for s in waiting.unfillable(TODAY, EVERYTHING)}
        assert set(unfillable) == {s.slot.pk for s in states if not s.is_fillable}
        for found in states:
            if found.slot.pk in unfillable:
                signed = {s.signer_id for s in found.live} | {p.pk for p in found.eligible}
                assert unfillable[found.slot.pk] == len(signed)
        stale = set(waiting.stale(TODAY, EVERYTHING).values_list("pk", flat=True))
        of_states = {s.pk for f in states if not f.is_filled for s in f.stale if s.approves}
        assert of_states <= stale
        waits = waiting.signers(TODAY, NOON, EVERYTHING)
        asked = {(row.pk, person) for row, person in waits}
        assert asked == {
            (found.slot.review_id, person.pk)
            for found in states
            for person in found.eligible
            if found.waits_for(person)
        }
        named = waiting.with_signer(waiting.unfilled(TODAY, EVERYTHING), TODAY)
        for row in named:
            (found,) = (s for s in states if s.slot.pk == row.pk)
            waited_for = {p.name for p in found.eligible if found.waits_for(p)}
            assert row.signer is None or row.signer in waited_for or found.rejections

    def quorum(self, key, count):
        Slot.objects.filter(review=self.review, key=key).update(quorum=count)

    def test_agrees_while_it_is_signed_by_one_after_the_other(self):
        self.agree()
        for key in ("sponsor", "business_owner", "engineering_owner", "compliance"):
            self.sign_all(key)
            self.agree()
        assert not waiting.unfilled(TODAY, EVERYTHING).exists()

    def test_agrees_on_a_rejection_and_on_one_taken_back(self):
        sign(self.review, "sponsor", self.cast.sponsor, verdict=REJECT, comment="No.")
        self.agree()
        actions.take_back(
            slot=slot(self.review, "sponsor"),
            authentication=factories.authentication(),
            by=self.cast.sponsor,
            at=NOON,
        )
        self.agree()
        sign(self.review, "sponsor", self.cast.sponsor, verdict=APPROVE)
        self.agree()

    def test_agrees_when_the_evidence_changes_and_changes_back(self):
        self.sign_all()
        for seconds in (SECONDS, 45 * 60):
            threshold(self.initiative, seconds, self.cast.lead)
            self.agree()
        threshold(self.initiative, SECONDS, self.cast.lead)
        self.notice()
        self.sign_all("sponsor")
        self.agree()

    def test_agrees_on_people_who_left_stand_in_or_are_barred(self):
        self.hand_on()
        self.agree()
        self.leave(self.cast.sponsor)
        self.agree()
        acting = factories.make_person(name="Ada Acting")
        self.appoint(to=acting)
        self.agree()
        self.leave(acting)
        self.agree()
        self.leave(self.cast.compliance)
        self.agree()

    def test_agrees_on_a_deputy_who_is_away_too(self):
        for until in (None, TODAY, TODAY - DAY):
            Person.objects.filter(pk=self.cast.sponsor.pk).update(
                deputy=self.deputy, deputy_until=until
            )
            self.agree()
        self.leave(self.deputy)
        self.agree()

    def test_agrees_on_groups_of_several(self):
        other = factories.make_group_member(group="compliance", name="Con Compliance")
        self.quorum("compliance", 3)
        self.agree()
        self.sign_all("compliance")
        self.agree()
        actions.hand_on(
            slot=slot(self.review, "compliance"), person=self.deputy, reason="Away.",
            until_date=TODAY + DAY, by=other, at=NOON,
        )  # fmt: skip
        self.agree()
        Membership.objects.filter(person=other).update(joined_at=NOON)
        self.agree()
        Review.objects.update(opened_by=other)
        self.agree()

    def test_agrees_on_whoever_changed_the_evidence(self):
        Initiative.objects.update(evidence_changed_by=self.cast.compliance)
        self.agree()
        assert waiting.unfillable(TODAY, EVERYTHING).get().able == 0

    def test_agrees_on_a_condition_that_was_missed(self):
        self.sign_all("sponsor")
        signed = SignOff.objects.get()
        missed = Obligation.objects.create(
            initiative=self.initiative, kind="condition", gate="charter", what="Ask.",
            assignee=self.cast.sponsor, due_date=TODAY - DAY, agreed_at=NOON - 3 * DAY,
        )  # fmt: skip
        SignOff.objects.filter(pk=signed.pk).update(verdict="conditional")
        signed.conditions.add(missed)
        self.agree()
        assert "sponsor" in set(waiting.unfilled(TODAY, EVERYTHING).values_list("key", flat=True))


class TestSignOffOverdue(Signatures):
    def test_is_late_from_the_day_after(self):
        self.due(TODAY)
        assert found_by("sign_off_overdue") == []
        self.due(TODAY - DAY)
        (finding,) = found_by("sign_off_overdue")
        assert finding.due_date == TODAY - DAY
        assert finding.since == datetime(2026, 3, 2, tzinfo=UTC)

    def test_begins_at_midnight_in_the_time_zone_of_the_organisation(self):
        self.due(TODAY - DAY)
        with self.settings(TIME_ZONE="Pacific/Kiritimati"):
            (finding,) = found_by("sign_off_overdue")
        assert finding.since == datetime(2026, 3, 1, 10, tzinfo=UTC)

    def test_says_who_is_waited_for(self):
        self.due(TODAY - DAY)
        self.sign_all("business_owner", "engineering_owner")
        (finding,) = found_by("sign_off_overdue")
        assert finding.says == (
            "Its charter review was to be signed by 1 Mar 2026, and waits for Sponsor (Sam "
            "Sponsor) and Legal & compliance."
        )
        assert finding.acts == "whoever has not signed"
        self.hand_on()
        (finding,) = found_by("sign_off_overdue")
        assert "waits for Sponsor (Dana Deputy) and Legal & compliance." in finding.says

    def test_waits_for_nobody_who_refused(self):
        self.due(TODAY - DAY)
        self.sign_all("business_owner", "engineering_owner", "compliance")
        sign(self.review, "sponsor", self.cast.sponsor, verdict=REJECT, comment="No.")
        assert found_by("sign_off_overdue") == []

    def test_leaves_out_what_does_not_count(self):
        self.due(TODAY - DAY)
        self.leaves_out_what_does_not_count("sign_off_overdue")

    def test_opens_updates_and_closes(self):
        self.due(TODAY - DAY)
        notifications.sweep(at=NOON)
        (flag,) = Flag.objects.open().filter(rule="sign_off_overdue")
        self.sign_all("sponsor")
        assert notifications.sweep(at=NOON).rules["sign_off_overdue"].updated == 1
        self.sign_all("business_owner", "engineering_owner", "compliance")
        notifications.sweep(at=NOON + DAY)
        flag.refresh_from_db()
        assert flag.closed_at == NOON + DAY

    def test_goes_to_the_sponsor_and_then_to_the_leads(self):
        self.due(TODAY - DAY)
        for days, who in ((0, None), (2, "Sam Sponsor"), (6, "Lea Lund")):
            notifications.sweep(at=NOON + days * DAY)
            told = [name for _, _, name in owed(kind="sign_off_overdue")]
            assert told == ([who] if who else []), days

    def test_is_not_seen_outside_a_restricted_one(self):
        self.due(TODAY - DAY)
        notifications.sweep(at=NOON)
        outsider = factories.make_person(name="Otto Outsider")
        assert queries.counts(outsider)["sign_off_overdue"] == 1
        factories.restrict(initiative=self.initiative)
        assert "sign_off_overdue" not in queries.counts(outsider)
        assert queries.counts(self.cast.sponsor)["sign_off_overdue"] == 1


class TestSignOffStale(Signatures):
    def change(self):
        threshold(self.initiative, SECONDS, self.cast.lead)
        self.notice()

    def test_names_each_whose_signature_no_longer_holds(self):
        self.sign_all("sponsor", "business_owner")
        assert found_by("sign_off_stale") == []
        self.change()
        (finding,) = found_by("sign_off_stale")
        assert finding.says == (
            "The evidence of its charter review has changed since Sam Sponsor and Bea Business "
            "signed it."
        )
        assert finding.acts == "those who signed it"

    def test_asks_nothing_of_whoever_signed_again(self):
        self.sign_all("sponsor")
        self.change()
        self.sign_all("sponsor")
        assert found_by("sign_off_stale") == []

    def test_asks_nothing_where_another_of_the_group_signed_instead(self):
        other = factories.make_group_member(group="compliance", name="Con Compliance")
        self.sign_all("compliance")
        self.change()
        sign(self.review, "compliance", other)
        assert found_by("sign_off_stale") == []

    def test_leaves_out_what_does_not_count(self):
        self.sign_all("sponsor")
        self.change()
        self.leaves_out_what_does_not_count("sign_off_stale")

    def test_opens_updates_and_closes_and_mails_nobody(self):
        self.sign_all("sponsor", "business_owner")
        self.change()
        notifications.sweep(at=NOON)
        assert "sign_off_stale" in open_rules(self.initiative)
        self.sign_all("sponsor")
        assert notifications.sweep(at=NOON).rules["sign_off_stale"].updated == 1
        self.sign_all("business_owner")
        notifications.sweep(at=NOON)
        assert "sign_off_stale" not in open_rules(self.initiative)
        assert owed(kind="shown_only") == []


class TestSlotUnfillable(Signatures):
    def test_is_a_role_that_nobody_active_holds(self):
        assert found_by("slot_unfillable") == []
        self.leave(self.cast.sponsor)
        (finding,) = found_by("slot_unfillable")
        assert finding.says == "Its charter review: nobody can sign as Sponsor."
        assert finding.acts == "a portfolio lead"
        assert finding.subject == f"slot:{slot(self.review, 'sponsor').pk}"

    def test_is_a_group_with_fewer_members_than_have_to_sign(self):
        Slot.objects.filter(key="compliance").update(quorum=2)
        (finding,) = found_by("slot_unfillable")
        assert finding.says == (
            "Its charter review: only 1 of the 2 needed can sign as Legal & compliance."
        )

    def test_needs_nobody_who_has_signed_already(self):
        self.sign_all("sponsor")
        self.leave(self.cast.sponsor)
        assert found_by("slot_unfillable") == []

    def test_closes_when_somebody_is_appointed(self):
        self.leave(self.cast.sponsor)
        notifications.sweep(at=NOON)
        assert owed(kind="slot_unfillable") == [("slot_unfillable", 0, "Lea Lund")]
        self.appoint()
        notifications.sweep(at=NOON)
        assert "slot_unfillable" not in open_rules(self.initiative)

    def test_comes_back_the_day_after_the_stand_in_ends(self):
        self.leave(self.cast.sponsor)
        self.appoint(until=TODAY)
        assert found_by("slot_unfillable", TODAY) == []
        assert len(found_by("slot_unfillable", TODAY + DAY)) == 1

    def test_closes_when_somebody_takes_the_role(self):
        self.leave(self.cast.sponsor)
        give(self.initiative, Role.SPONSOR, self.deputy)
        assert found_by("slot_unfillable") == []

    def test_leaves_out_what_does_not_count(self):
        self.leave(self.cast.sponsor)
        self.leaves_out_what_does_not_count("slot_unfillable")
