"""The door to saying that what is suspended is really off."""

from datetime import datetime

from initiatives import actions
from initiatives.views.base import OnInitiative


class ConfirmOff(OnInitiative):
    """It is off: one press of somebody who answers for it."""

    done = "Thank you: it is on record that it is off."

    def act(self, at: datetime) -> None:
        actions.confirm_off(initiative=self.initiative, by=self.person, at=at)
