"""Every write about what we have. Callers import this module: `actions.register(…)`."""

from initiatives.actions.charter import (
    add_kill_condition,
    define_metric,
    freeze_baseline,
    record_measurement,
    remove_kill_condition,
    trip_kill_conditions,
)
from initiatives.actions.counting import start_counting
from initiatives.actions.evidence import record_evidence, record_spend
from initiatives.actions.importing import import_inventory
from initiatives.actions.ownership import accept, ask, decline, end_ownership
from initiatives.actions.registering import declare_as_running, edit, register, restrict
from initiatives.actions.triaging import (
    Confirmed,
    answer_triage,
    confirm_light,
    confirm_triage,
)
from initiatives.actions.units import save_unit

__all__ = [
    "Confirmed",
    "accept",
    "add_kill_condition",
    "answer_triage",
    "ask",
    "confirm_light",
    "confirm_triage",
    "declare_as_running",
    "decline",
    "define_metric",
    "edit",
    "end_ownership",
    "freeze_baseline",
    "import_inventory",
    "record_evidence",
    "record_measurement",
    "record_spend",
    "register",
    "remove_kill_condition",
    "restrict",
    "save_unit",
    "start_counting",
    "trip_kill_conditions",
]
