"""docs/rules.md says what the rules do."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from notifications import described
from notifications.rules import RULES


@pytest.mark.embedded
class TestThePageOfRules:
    def test_is_written_from_the_rules(self):
        """`./script/manage list_rules > docs/rules.md` writes it anew."""
        assert described.FILE.read_text(encoding="utf-8") == described.page()

    def test_is_what_the_command_prints(self):
        out = StringIO()
        call_command("list_rules", stdout=out)
        assert out.getvalue() == described.page()

    def test_lists_every_rule_with_what_closes_it_and_who_hears(self):
        page = described.page()
        for rule in RULES.values():
            section = page.partition(f"`{rule.name}`")[2].partition("\n## ")[0]
            assert f"**Closes when** {rule.closes_when}." in section
            assert "**Who hears:** " in section

    def test_names_steps_and_people(self):
        page = described.page()
        assert "60 days before, 30 days before and 7 days before: the business owner" in page
        assert "3 days after: the sponsor, or else the leads" in page
        assert "**Who hears:** nobody by mail." in page
