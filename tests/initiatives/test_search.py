from __future__ import annotations

import pytest
from django.test import TestCase

from initiatives import actions
from initiatives.models import Initiative
from initiatives.search import LONGEST, fold, search
from tests.factories import NOON, make_initiative, make_lead, make_person, make_unit


class TestFold:
    @pytest.mark.parametrize(
        ("text", "folded"),
        [
            ("Schäden-Prüfung", "schaden prufung"),
            ("  ÉTÉ,\n2026! ", "ete 2026"),
            ("STRASSE straße", "strasse strasse"),
            ("ﬁne", "fine"),
            ("Łódź", "łodz"),
            ("under_score", "under score"),
            ("\0 \u200b -- …", ""),
        ],
    )
    def test_forgives_case_accents_and_punctuation(self, text, folded):
        assert fold(text) == folded


@pytest.mark.embedded
class TestSearch(TestCase):
    @classmethod
    def setUpTestData(cls):
        ada = make_person()
        cls.claims = make_initiative(
            by=ada,
            name="Schäden: Brief-Sortierung",
            unit=make_unit(name="Motor claims"),
            vendor="Acmé GmbH",
            problem="Letters wait four hours.",
            users="Handlers",
            outcome="Within the hour",
        )
        cls.other = make_initiative(by=ada, name="Call summaries", complete=False)
        actions.edit(initiative=cls.other, by=ada, at=NOON, system_name="Vox 3.5")

    def found(self, question):
        return set(search(Initiative.objects.all(), question))

    def test_finds_by_every_text_there_is(self):
        for question in (
            "sortierung", "motor", "acme", "letters", "handlers", "within",
        ):  # fmt: skip
            assert self.found(question) == {self.claims}, question
        assert self.found("vox") == {self.other}

    def test_forgives_case_and_accents(self):
        for question in ("SCHÄDEN", "schaden", "ScHadeN", "acmé", "gmbh"):
            assert self.found(question) == {self.claims}, question

    def test_finds_by_the_beginning_of_a_word_and_not_by_its_middle(self):
        assert self.found("sch") == {self.claims}
        assert self.found("summ") == {self.other}
        assert self.found("ummaries") == set()

    def test_wants_every_word_in_any_order(self):
        assert self.found("motor schaden") == {self.claims}
        assert self.found("brief, sort!") == {self.claims}
        assert self.found("motor summaries") == set()

    def test_finds_by_number_however_it_is_written(self):
        number = self.other.pk
        for question in (
            f"AI-{number:04d}", f"ai-{number}", f"AI {number}", f"ai{number}", f"{number}",
            f" {number:06d} ", f"AI-{number}",
        ):  # fmt: skip
            assert self.other in self.found(question), question

    def test_finds_numbers_in_texts_too(self):
        assert self.other in self.found("3.5")

    def test_keeps_everything_where_nothing_is_asked(self):
        assert self.found("") == self.found("  \n") == {self.claims, self.other}

    def test_finds_nothing_for_what_has_no_word(self):
        for question in ("---", "!!!", "\0", "💥", "%", "_", "'"):
            assert self.found(question) == set(), question

    def test_finds_nothing_for_nonsense_and_survives_it(self):
        for question in (
            "zzzz", "' OR 1=1 --", "zz & | !", "foo:* & bar", "AI-99999999999999999",
            "AI-999999999999999999999", "9" * 400, "x" * 100_000, "ß" * 5_000, "é" * 3_000,
            "word " * 5_000, "(((", "\\", "हिन्दी 漢字 ١٢٣", "²³½",
        ):  # fmt: skip
            assert self.found(question) == set(), question[:20]

    def test_finds_long_words_by_their_beginning(self):
        long = make_initiative(by=make_lead(), name="x" * 290, complete=False)
        assert self.found("x" * 290) == self.found("x" * 50) == {long}

    def test_takes_no_character_for_a_wildcard(self):
        assert self.found("s%n") == set()
        assert self.found("m_tor") == set()

    def test_keeps_to_what_it_is_given(self):
        assert set(search(Initiative.objects.filter(pk=self.other.pk), "schaden")) == set()

    def test_finds_in_long_texts_as_far_as_they_are_kept(self):
        long = make_initiative(
            by=make_lead(), name="Long", complete=False, problem="word " * 10_000
        )
        assert len(long.search_text) <= LONGEST + 1
        assert self.found("long word") == {long}
