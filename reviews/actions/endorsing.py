"""A new sponsor signs what was promised before they came."""

from datetime import datetime

from accounts.authentication import Authentication
from accounts.models import Person
from audit.actions import Entry, Words, append
from audit.models import Event
from audit.refusals import Refused, records_refusals
from initiatives import facts as initiative_facts
from initiatives import statement as statements
from initiatives.models import Initiative
from reviews import permissions, queries
from reviews.actions.proving import require_fresh
from reviews.actions.reviewing import locked_initiative
from reviews.models import Endorsement

MEANING = (
    "I have taken it over as its sponsor: I want this outcome, and I answer for the money and "
    "people that it takes."
)


@records_refusals("statement.endorse")
def endorse(
    *,
    initiative: Initiative,
    statement: str,
    authentication: Authentication | None,
    by: Person,
    at: datetime,
) -> Event:
    """Sign the success statement as it was read, as the sponsor who answers for it now."""
    row = locked_initiative(initiative.pk)
    known = initiative_facts.load_one(row.pk)
    if reason := permissions.bar_to_endorsing(by, known):
        raise Refused(reason, rule="may_not_endorse")
    if statements.of(known) != statement:
        raise Refused(
            "The statement has changed since you opened this page. Read it again, then sign.",
            rule="statement_changed",
        )
    proof = require_fresh(authentication, queries.current_policy(), row.level, at)
    Endorsement.objects.create(
        initiative=row,
        signer=by,
        printed_name=by.name,
        statement=statement,
        meaning=MEANING,
        signed_at=at,
        authentication_method=proof.method,
        authenticated_at=proof.authenticated_at,
    )
    Initiative.objects.filter(pk=row.pk).update(touched_at=at)
    said = {"statement": Words(statement)}
    entry = Entry("statement.endorsed", f"initiative:{row.pk}", row.pk, by.pk, said)
    return append([entry], at=at)[0]
