"""Every write about who hears what. Callers import this module: `actions.sweep(…)`."""

from notifications.actions.campaign import chase, start_campaign
from notifications.actions.channels import enter_channel, remove_channel, switch_channel
from notifications.actions.delivering import Delivered, deliver
from notifications.actions.digesting import plan_digests
from notifications.actions.hearing import Heard, hear
from notifications.actions.planning import Planned
from notifications.actions.preferring import choose_paces, stop_mails
from notifications.actions.retrying import retry
from notifications.actions.settling import read, read_all, settle
from notifications.actions.snoozing import snooze, wake
from notifications.actions.subscribing import make_calendar, revoke_calendar
from notifications.actions.sweeping import Counted, Swept, sweep
from notifications.actions.ticking import hear_and_deliver

__all__ = [
    "Counted",
    "Delivered",
    "Heard",
    "Planned",
    "Swept",
    "chase",
    "choose_paces",
    "deliver",
    "enter_channel",
    "hear",
    "hear_and_deliver",
    "make_calendar",
    "plan_digests",
    "read",
    "read_all",
    "remove_channel",
    "retry",
    "revoke_calendar",
    "settle",
    "snooze",
    "start_campaign",
    "stop_mails",
    "sweep",
    "switch_channel",
    "wake",
]
