"""Every write about how it moves. Callers import this module: `actions.sign(…)`."""

from reviews.actions.answering import answer
from reviews.actions.deciding import WHY_IT_STOPS, decide
from reviews.actions.lapsing import lapse_undecided
from reviews.actions.overriding import (
    ask_for_override,
    countersign_override,
    decline_override,
    settle_overrides,
)
from reviews.actions.policies import (
    discard_draft,
    ensure_default_policy,
    publish_draft,
    save_draft,
    start_draft,
)
from reviews.actions.reviewing import notice_changes, request_review, sign, withdraw
from reviews.actions.waiving import waive

__all__ = [
    "WHY_IT_STOPS",
    "answer",
    "ask_for_override",
    "countersign_override",
    "decide",
    "decline_override",
    "discard_draft",
    "ensure_default_policy",
    "lapse_undecided",
    "notice_changes",
    "publish_draft",
    "request_review",
    "save_draft",
    "settle_overrides",
    "sign",
    "start_draft",
    "waive",
    "withdraw",
]
