"""The campaign: it ends the quiet that follows an import, asks everybody who is said to own
something, and chases whoever is silent."""

from collections.abc import Collection
from datetime import datetime

from accounts.models import Person, Unit
from audit.actions import Entry, append
from audit.refusals import Refused, records_refusals
from initiatives import actions as initiatives
from notifications import campaigns, permissions
from notifications.actions import chasing


@records_refusals("campaign.start")
def start_campaign(
    *, by: Person | None, at: datetime, unit: Unit | None = None, mails: int | None = None
) -> int:
    """Let deadlines begin for everything imported, or for what is of a unit and those below it;
    return for how many; once done, for none.

    Its events tell `hear` whom to ask. `mails` is to how many people it was said to send: more
    have come in since when it differs. `by=None` is the operator at the command line.
    """
    _require_lead(by, "start the campaign, because it sends mail to every owner")
    quiet = campaigns.quiet(unit)
    if mails is not None and mails != (now := campaigns.count_asked(quiet)):
        raise Refused(
            f"Something has changed since you looked: {now} people would get a mail now, not "
            f"{mails}. Look again.",
            rule="changed_since",
            detail={"mails": now},
        )
    chosen = None if unit is None else quiet.values_list("pk", flat=True)
    return initiatives.start_counting(by=by, at=at, initiatives=chosen)


@records_refusals("campaign.chase")
def chase(*, people: Collection[int] | None, by: Person, at: datetime) -> list[int]:
    """Ask these people again, or all who are silent, at once; return whom.

    Nobody is asked twice on one day, whoever presses.
    """
    _require_lead(by, "chase people")
    chased = chasing.chase(people, at)
    if chased:
        append(
            [
                Entry(
                    "campaign.chased",
                    "campaign",
                    None,
                    by.pk,
                    {"count": len(chased), "people": chased},
                )
            ],
            at=at,
        )
    return chased


def _require_lead(by: Person | None, what: str) -> None:
    if by is not None and not permissions.may_start_campaign(by):
        raise Refused(f"Only portfolio leads {what}.", rule="not_a_lead")
