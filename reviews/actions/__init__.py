"""Every write about how it moves. Callers import this module: `actions.sign(…)`."""

from reviews.actions.answering import answer
from reviews.actions.deciding import WHY_IT_STOPS, decide
from reviews.actions.judging import judge
from reviews.actions.packing import prepare_pack, record_pack
from reviews.actions.policies import (
    discard_draft,
    ensure_default_policy,
    publish_draft,
    save_draft,
    start_draft,
)
from reviews.actions.reviewing import notice_changes, request_review, sign, withdraw

__all__ = [
    "WHY_IT_STOPS",
    "answer",
    "decide",
    "discard_draft",
    "ensure_default_policy",
    "judge",
    "notice_changes",
    "prepare_pack",
    "publish_draft",
    "record_pack",
    "request_review",
    "save_draft",
    "sign",
    "start_draft",
    "withdraw",
]
