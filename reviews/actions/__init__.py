"""Every write about how it moves. Callers import this module: `actions.sign(…)`."""

from reviews.actions.answering import answer
from reviews.actions.asking import answer_question, ask
from reviews.actions.dating import agree_on_date
from reviews.actions.deciding import WHY_IT_STOPS, decide
from reviews.actions.endorsing import endorse
from reviews.actions.handing_over import (
    ask_to_take_over,
    decline_to_take_over,
    take_over,
    withdraw_hand_over,
)
from reviews.actions.judging import judge
from reviews.actions.lapsing import lapse_undecided
from reviews.actions.overriding import (
    ask_for_override,
    countersign_override,
    decline_override,
    settle_overrides,
)
from reviews.actions.packing import prepare_pack, record_pack
from reviews.actions.policies import (
    discard_draft,
    ensure_default_policy,
    publish_draft,
    save_draft,
    start_draft,
)
from reviews.actions.rebaselining import propose_baseline
from reviews.actions.retiring import Retired, ask_to_retire, keep, retire_all
from reviews.actions.reviewing import notice_changes, request_review, withdraw
from reviews.actions.signing import Condition, sign, take_back
from reviews.actions.standing_in import appoint, end_delegation, hand_on
from reviews.actions.waiving import waive

__all__ = [
    "WHY_IT_STOPS",
    "Condition",
    "Retired",
    "agree_on_date",
    "answer",
    "answer_question",
    "appoint",
    "ask",
    "ask_for_override",
    "ask_to_retire",
    "ask_to_take_over",
    "countersign_override",
    "decide",
    "decline_override",
    "decline_to_take_over",
    "discard_draft",
    "end_delegation",
    "endorse",
    "ensure_default_policy",
    "hand_on",
    "judge",
    "keep",
    "lapse_undecided",
    "notice_changes",
    "prepare_pack",
    "propose_baseline",
    "publish_draft",
    "record_pack",
    "request_review",
    "retire_all",
    "save_draft",
    "settle_overrides",
    "sign",
    "start_draft",
    "take_back",
    "take_over",
    "waive",
    "withdraw",
    "withdraw_hand_over",
]
