"""What we have: facts about initiatives, with the constraints that no route can get past."""

from initiatives.models.charter import Baseline, KillCondition, Measurement, Metric
from initiatives.models.evidence import Evidence, Spend
from initiatives.models.ownership import Ownership
from initiatives.models.registry import (
    ImportedRow,
    Initiative,
    OpenToGroup,
    Overtaken,
    StageSpell,
    Triage,
)

__all__ = [
    "Baseline",
    "Evidence",
    "ImportedRow",
    "Initiative",
    "KillCondition",
    "Measurement",
    "Metric",
    "OpenToGroup",
    "Overtaken",
    "Ownership",
    "Spend",
    "StageSpell",
    "Triage",
]
