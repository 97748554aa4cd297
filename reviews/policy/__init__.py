"""The policy: what each gate asks for and who has to sign, read from TOML as frozen values."""

from reviews.policy.model import (
    FIELD_TYPES,
    FIXED_CHECKS,
    GROUPS,
    Applies,
    Case,
    Column,
    Criterion,
    Field,
    FieldType,
    GatePolicy,
    InvalidPolicy,
    Ladder,
    Limits,
    Policy,
    Slot,
)
from reviews.policy.reading import LONGEST_TITLE, default_text, parse, published

__all__ = [
    "FIELD_TYPES",
    "FIXED_CHECKS",
    "GROUPS",
    "LONGEST_TITLE",
    "Applies",
    "Case",
    "Column",
    "Criterion",
    "Field",
    "FieldType",
    "GatePolicy",
    "InvalidPolicy",
    "Ladder",
    "Limits",
    "Policy",
    "Slot",
    "default_text",
    "parse",
    "published",
]
