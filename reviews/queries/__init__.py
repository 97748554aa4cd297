"""Reads about how it moves. Callers import this module: `queries.standing(…)`."""

from reviews.queries.ahead import gates_ahead, is_light, possible_decisions, readiness, what_it_asks
from reviews.queries.policies import (
    asked_before,
    criterion,
    current_policy,
    current_version,
    parsed,
    policy_in_force,
    policy_named,
    titles,
    version_in_force,
)
from reviews.queries.ready import ready
from reviews.queries.signatures import (
    Request,
    open_reviews_for,
    questions_to,
    requests_for,
    signed_together,
    signing_event,
    unsigned_sponsorships,
)
from reviews.queries.standings import Closed, Standing, has_overrides, in_words, standing

__all__ = [
    "Closed",
    "Request",
    "Standing",
    "asked_before",
    "criterion",
    "current_policy",
    "current_version",
    "gates_ahead",
    "has_overrides",
    "in_words",
    "is_light",
    "open_reviews_for",
    "parsed",
    "policy_in_force",
    "policy_named",
    "possible_decisions",
    "questions_to",
    "readiness",
    "ready",
    "requests_for",
    "signed_together",
    "signing_event",
    "standing",
    "titles",
    "unsigned_sponsorships",
    "version_in_force",
    "what_it_asks",
]
