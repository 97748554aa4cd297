"""Trying once more to send what was given up."""

from datetime import datetime

from accounts.models import Person
from audit.actions import Entry, append
from audit.refusals import Refused, records_refusals
from notifications import permissions
from notifications.models import Message


@records_refusals("message.retry")
def retry(*, message: Message, by: Person, at: datetime) -> None:
    """Queue a mail again that was given up, with all its attempts ahead of it.

    Before it is sent, it is looked at again whether it is still due, and whether its recipient is
    still here.
    """
    if not permissions.may_operate(by):
        raise Refused(
            "Only administrators and portfolio leads send mails again.", rule="may_not_operate"
        )
    given_up = Message.objects.filter(pk=message.pk, state=Message.State.FAILED)
    queued = given_up.update(
        state=Message.State.QUEUED, attempts=0, token=None, lease_until=None, next_attempt_at=at
    )
    if not queued:
        raise Refused("This mail is in the queue again, or was sent.", rule="not_failed")
    append([Entry("message.retried", f"message:{message.pk}", actor_id=by.pk)], at=at)
