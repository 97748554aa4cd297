"""The end of the quiet that follows an import, and with it the first mails."""

from datetime import datetime

from accounts.models import Person
from audit.refusals import Refused, records_refusals
from initiatives import actions as initiatives
from notifications import permissions


@records_refusals("campaign.start")
def start_campaign(*, by: Person | None, at: datetime) -> int:
    """Let deadlines begin for everything imported, and return for how many; once done, for none.

    Its events tell `hear` whom to ask. `by=None` is the operator at the command line.
    """
    if by is not None and not permissions.may_start_campaign(by):
        raise Refused(
            "Only portfolio leads start the campaign, because it sends mail to every owner.",
            rule="not_a_lead",
        )
    return initiatives.start_counting(by=by, at=at)
