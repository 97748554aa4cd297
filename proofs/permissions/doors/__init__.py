"""Every address that exists, and which object of an initiative stands in it.

An address of an initiative itself (`…/<int:pk>/…`) needs nothing here. One about something else
has its line in OF or ABOUT; one that asks for more than its form shows has one in POSTED; one that
only opens in a certain state has one in FIRST. Anything missing is said by the proof.
"""

from proofs.permissions.doors.beforehand import FIRST
from proofs.permissions.doors.sending import CHANGED, OF_ONES_OWN, POSTED
from proofs.permissions.doors.walking import ADMIN, READ_ONLY, Door, admin_addresses, every

__all__ = [
    "ADMIN",
    "CHANGED",
    "FIRST",
    "OF_ONES_OWN",
    "POSTED",
    "READ_ONLY",
    "Door",
    "admin_addresses",
    "every",
]
