from __future__ import annotations

from notifications.asking import SAYS
from notifications.ladders import LADDERS


class TestSays:
    def test_has_words_for_every_ladder_that_reaches_somebody(self):
        assert SAYS.keys() == LADDERS.keys() - {"shown_only"}
