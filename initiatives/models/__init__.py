"""What we have: facts about initiatives, with the constraints that no route can get past."""

from initiatives.models.charter import Baseline, KillCondition, Measurement, Metric, Waiver
from initiatives.models.evidence import Document, Evidence, Spend
from initiatives.models.findings import EvaluationRun, EvaluationSet, OpenQuestion
from initiatives.models.handing_over import HandOver, HandOverItem
from initiatives.models.inventories import ImportedRow, SavedMapping, Upload
from initiatives.models.obligations import Obligation
from initiatives.models.openings import OpenToGroup, OpenToPerson
from initiatives.models.ownership import Ownership
from initiatives.models.registry import Initiative, Overtaken
from initiatives.models.spells import StageSpell
from initiatives.models.triage import Triage

__all__ = [
    "Baseline",
    "Document",
    "EvaluationRun",
    "EvaluationSet",
    "Evidence",
    "HandOver",
    "HandOverItem",
    "ImportedRow",
    "Initiative",
    "KillCondition",
    "Measurement",
    "Metric",
    "Obligation",
    "OpenQuestion",
    "OpenToGroup",
    "OpenToPerson",
    "Overtaken",
    "Ownership",
    "SavedMapping",
    "Spend",
    "StageSpell",
    "Triage",
    "Upload",
    "Waiver",
]
