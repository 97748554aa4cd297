"""How it moves: policy versions, reviews, their frozen evidence, signatures and decisions."""

from reviews.models.deciding import Decision, Override
from reviews.models.judging import JudgedUpTo, Judgement, UnmetCriterion
from reviews.models.policies import PolicyDraft, PolicyVersion
from reviews.models.retiring import RetirementRequest
from reviews.models.reviewing import Delegation, Question, Review, Slot, Snapshot
from reviews.models.signing import Endorsement, SignOff

__all__ = [
    "Decision",
    "Delegation",
    "Endorsement",
    "JudgedUpTo",
    "Judgement",
    "Override",
    "PolicyDraft",
    "PolicyVersion",
    "Question",
    "RetirementRequest",
    "Review",
    "SignOff",
    "Slot",
    "Snapshot",
    "UnmetCriterion",
]
