from __future__ import annotations

from datetime import date

from initiatives.models import Initiative
from notifications import asking
from notifications.asking import SAYS
from notifications.ladders import LADDERS


class TestSays:
    def test_has_words_for_every_ladder_that_reaches_somebody(self):
        assert SAYS.keys() == LADDERS.keys() - {"shown_only"}


class TestPath:
    """Where a reminder leads, and so the button of its mail."""

    def of(self, kind, subject="", roles=("sponsor",)):
        initiative = Initiative(pk=7, name="Claims")
        day = date(2026, 3, 2)
        return asking.path(
            asking.Asked(kind, initiative, subject, day, 0, 3, list(roles), day, False)
        )

    def test_is_the_initiative_or_a_place_on_its_page(self):
        assert self.of("decision_date") == "/initiatives/7/"
        assert self.of("unowned") == "/initiatives/7/#owners"
        assert self.of("obligation", "obligation:5") == "/initiatives/7/#obligations"

    def test_is_the_page_on_which_it_is_done(self):
        assert self.of("decision_ready", "review:9") == "/reviews/9/"
        confirm = self.of("obligation", "obligation:5", roles=["assignee"])
        assert confirm == "/initiatives/obligations/5/confirm/"
        assert self.of("leaving", "initiative:7/person:3", ["assignee"]).startswith("/people/3/")


class TestDetail:
    def test_tells_nobody_about_themselves_by_name(self):
        initiative, day = Initiative(pk=7, name="Claims"), date(2026, 3, 2)

        def told(kind, step, *roles):
            asked = asking.Asked(kind, initiative, "", day, step, 3, list(roles), day, False)
            return asking.detail(asked, "Sam Sponsor is late.")

        assert told("leaving", -7, "assignee") == told("statement_unsigned", -3, "sponsor") == ""
        assert told("leaving", -7, "sponsor") == "Sam Sponsor is late."
        assert told("statement_unsigned", 1, "portfolio lead") == "Sam Sponsor is late."
