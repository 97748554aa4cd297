"""Every write about who hears what. Callers import this module: `actions.sweep(…)`."""

from notifications.actions.campaign import chase, start_campaign
from notifications.actions.delivering import Delivered, deliver
from notifications.actions.digesting import plan_digests
from notifications.actions.hearing import Heard, hear
from notifications.actions.planning import Planned
from notifications.actions.preferring import choose_mails, stop_mails
from notifications.actions.retrying import retry
from notifications.actions.sweeping import Counted, Swept, sweep

__all__ = [
    "Counted",
    "Delivered",
    "Heard",
    "Planned",
    "Swept",
    "chase",
    "choose_mails",
    "deliver",
    "hear",
    "plan_digests",
    "retry",
    "start_campaign",
    "stop_mails",
    "sweep",
]
