"""Every write about how it moves. Callers import this module: `actions.sign(…)`."""

from reviews.actions.answering import answer
from reviews.actions.deciding import WHY_IT_STOPS, decide
from reviews.actions.policies import ensure_default_policy
from reviews.actions.reviewing import notice_changes, request_review, sign, withdraw

__all__ = [
    "WHY_IT_STOPS",
    "answer",
    "decide",
    "ensure_default_policy",
    "notice_changes",
    "request_review",
    "sign",
    "withdraw",
]
