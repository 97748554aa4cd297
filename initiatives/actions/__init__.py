"""Every write about what we have. Callers import this module: `actions.register(…)`."""

from initiatives.actions.charter import (
    add_kill_condition,
    define_metric,
    freeze_baseline,
    record_measurement,
    remove_kill_condition,
    watch_metric,
)
from initiatives.actions.claiming import Claimed, accept_all, disown
from initiatives.actions.counting import start_counting
from initiatives.actions.documents import add_document
from initiatives.actions.ending import remember
from initiatives.actions.evidence import record_evidence, record_spend
from initiatives.actions.exporting import record_export
from initiatives.actions.findings import (
    change_question,
    close_question,
    describe_evaluation_set,
    raise_question,
    record_run,
)
from initiatives.actions.importing import import_inventory
from initiatives.actions.obligations import confirm_obligation, miss_conditions, owe, owe_all
from initiatives.actions.ownership import accept, ask, confirm, decline, end_ownership
from initiatives.actions.rebaselining import discard_proposal, propose_baseline, put_in_force
from initiatives.actions.registering import declare_as_running, edit, register, restrict
from initiatives.actions.suspending import confirm_off, suspend
from initiatives.actions.triaging import (
    Confirmed,
    answer_triage,
    confirm_light,
    confirm_triage,
)
from initiatives.actions.tripping import (
    rearm_by_extension,
    trip_kill_conditions,
    trip_those_of,
)
from initiatives.actions.units import save_unit

__all__ = [
    "Claimed",
    "Confirmed",
    "accept",
    "accept_all",
    "add_document",
    "add_kill_condition",
    "answer_triage",
    "ask",
    "change_question",
    "close_question",
    "confirm",
    "confirm_light",
    "confirm_obligation",
    "confirm_off",
    "confirm_triage",
    "declare_as_running",
    "decline",
    "define_metric",
    "describe_evaluation_set",
    "discard_proposal",
    "disown",
    "edit",
    "end_ownership",
    "freeze_baseline",
    "import_inventory",
    "miss_conditions",
    "owe",
    "owe_all",
    "propose_baseline",
    "put_in_force",
    "raise_question",
    "rearm_by_extension",
    "record_evidence",
    "record_export",
    "record_measurement",
    "record_run",
    "record_spend",
    "register",
    "remember",
    "remove_kill_condition",
    "restrict",
    "save_unit",
    "start_counting",
    "suspend",
    "trip_kill_conditions",
    "trip_those_of",
    "watch_metric",
]
