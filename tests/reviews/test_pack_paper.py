"""What a decision pack says on paper: a board reads that alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from accounts.models import Person
from reviews import actions
from reviews.models import Review
from reviews.packs import paper
from reviews.packs.contents import Pack
from tests import factories
from tests.factories import NOON, TODAY
from tests.reviews.scenes import DAY, MINUTE, slot, standing
from tests.reviews.test_overriding import TITLE, OverridingTestCase
from tests.reviews.test_rebaselining import WHY, Rebaselined


class Remembered(paper.Paper):
    """Paper that remembers what was written on it."""

    def __init__(self, pack: Pack) -> None:
        self.words: list[str] = []
        super().__init__(pack)

    def say(self, text: str, **how: object) -> None:
        self.words.append(text)
        super().say(text, **how)  # type: ignore[arg-type]

    def rows(
        self,
        headings: Sequence[str],
        rows: Iterable[Sequence[str]],
        widths: Sequence[int],
        size: float = 9,
    ) -> None:
        written = [tuple(row) for row in rows]
        self.words += [" | ".join(row) for row in written]
        super().rows(headings, written, widths, size)


def read(review: Review) -> str:
    """All that is written in the pack of this review."""
    pack = actions.prepare_pack(review=review, at=NOON + DAY)
    written = Remembered(pack)
    written.add_page()
    for write in paper.SECTIONS:
        write(written, pack)
    written.output()
    return "\n".join(written.words)


class TestSignatures(OverridingTestCase):
    def approve_if(self, by: Person) -> None:
        asked = actions.Condition(
            "The off-switch was tried.", self.cast.engineering_owner, TODAY + DAY
        )
        actions.sign(
            slot=slot(self.review, "sponsor"),
            verdict="conditional",
            digest=standing(self.review).digest,
            authentication=factories.authentication(at=NOON),
            conditions=[asked],
            by=by,
            at=NOON,
        )

    def test_say_under_which_condition(self):
        self.approve_if(self.cast.sponsor)
        assert "If: The off-switch was tried. (Eli Engineer, by 3 Mar 2026" in read(self.review)

    def test_say_in_whose_place(self):
        deputy = factories.make_person(name="Dana Deputy")
        Person.objects.filter(pk=self.cast.sponsor.pk).update(deputy=deputy)
        self.approve_if(deputy)
        assert "Dana Deputy, on behalf of Sam Sponsor" in read(self.review)


class TestQuestions(OverridingTestCase):
    def test_stand_with_their_answers(self):
        question = actions.ask(
            review=self.review, text="Who is told?", asked_of=self.cast.business_owner,
            by=self.third, at=NOON,
        )  # fmt: skip
        assert "Not answered." in read(self.review)
        actions.answer_question(
            question=question, answer="Everybody.", by=self.cast.business_owner, at=NOON
        )
        assert "Who is told?\nBea Business answered\nEverybody." in read(self.review)


class TestOverrides(OverridingTestCase):
    def test_stand_with_those_who_signed_them(self):
        self.in_force()
        written = read(self.review)
        assert f"{TITLE}, until 22 Mar 2026" in written
        assert "Lea Lund and Cleo Compliance, because: The vendor answers in April." in written
        assert f"{TITLE} | Overridden |" in written

    def test_stay_what_it_was_decided_on_once_they_are_met(self):
        self.in_force()
        self.proceed()
        self.answer(NOON + MINUTE)
        assert f"{TITLE} | Overridden |" in read(self.review)

    def test_that_wait_for_their_second_signature_set_nothing_aside(self):
        self.ask()
        written = read(self.review)
        assert f"{TITLE} | Open |" in written
        assert "The vendor answers in April." not in written


class TestRebaselines(Rebaselined):
    def test_stand_old_beside_new_where_they_are_signed(self):
        written = read(self.propose())
        assert f"Why: {WHY}" in written
        assert "45 min | 50 min" in written

    def test_stand_old_beside_new_in_every_later_pack(self):
        review = self.propose()
        self.sign_all(review)
        self.decide()
        later = factories.make_review(
            initiative=self.now(), by=self.cast.business_owner, at=NOON + MINUTE
        )
        written = read(later)
        assert "Re-baselined on 2 Mar 2026" in written
        assert "45 min | 50 min" in written
