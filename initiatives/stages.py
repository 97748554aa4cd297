"""The stages an initiative moves through, and the gate that stands before each (product.md §1)."""

from datetime import timedelta

from django.db import models


class Stage(models.TextChoices):
    PROPOSAL = "proposal", "Proposal"
    PILOT = "pilot", "Pilot"
    READINESS_REVIEW = "readiness_review", "Readiness review"
    PRODUCTION = "production", "Production"
    RETIRED = "retired", "Retired"


class Gate(models.TextChoices):
    CHARTER = "charter", "Charter"
    SHIP_OR_KILL = "ship_or_kill", "Ship-or-kill"
    GO_LIVE = "go_live", "Go-live"
    RECERTIFICATION = "recertification", "Recertification"
    RETIREMENT = "retirement", "Retirement"


class SpecialReview(models.TextChoices):
    """What is reviewed beside the gates: a change of the signed charter (product.md P29), and what
    something that already ran owes of the gates it never passed (§2, Catch-up)."""

    REBASELINE = "rebaseline", "Re-baseline"
    CATCH_UP = "catch_up", "Catch-up"


REVIEWED = (*Gate.choices, *SpecialReview.choices)
ORDER = tuple(Stage)
RUNNING = (Stage.PILOT, Stage.READINESS_REVIEW, Stage.PRODUCTION)
ON_TRIAL = (Stage.PILOT, Stage.READINESS_REVIEW)
UNDECIDED = (Stage.PROPOSAL, Stage.PILOT, Stage.READINESS_REVIEW)

# The gate that an initiative in this stage has before it.
NEXT_GATE: dict[str, Gate | None] = {
    Stage.PROPOSAL: Gate.CHARTER,
    Stage.PILOT: Gate.SHIP_OR_KILL,
    Stage.READINESS_REVIEW: Gate.GO_LIVE,
    Stage.PRODUCTION: Gate.RECERTIFICATION,
    Stage.RETIRED: None,
}
# The gates before this stage, which something declared to be in it never passed.
GATES_BEFORE: dict[str, tuple[Gate, ...]] = {
    Stage.PROPOSAL: (),
    Stage.PILOT: (Gate.CHARTER,),
    Stage.READINESS_REVIEW: (Gate.CHARTER, Gate.SHIP_OR_KILL),
    Stage.PRODUCTION: (Gate.CHARTER, Gate.SHIP_OR_KILL, Gate.GO_LIVE),
    Stage.RETIRED: (),
}
# Where passing the gate leads; recertification leads nowhere.
LEADS_TO: dict[str, Stage | None] = {
    Gate.CHARTER: Stage.PILOT,
    Gate.SHIP_OR_KILL: Stage.READINESS_REVIEW,
    Gate.GO_LIVE: Stage.PRODUCTION,
    Gate.RECERTIFICATION: None,
    Gate.RETIREMENT: Stage.RETIRED,
}
# What people call the day by which the stage is decided.
DECISION_DATE_NAME: dict[str, str] = {
    Stage.PROPOSAL: "decision date",
    Stage.PILOT: "ship-or-kill date",
    Stage.READINESS_REVIEW: "go-live-or-kill date",
    Stage.PRODUCTION: "recertification date",
    Stage.RETIRED: "decision date",
}
# Days a stage is given when nobody agreed others; a pilot's are fixed in its charter.
DAYS_TO_DECIDE: dict[str, timedelta | None] = {
    Stage.PROPOSAL: timedelta(days=30),
    Stage.PILOT: timedelta(days=42),
    Stage.READINESS_REVIEW: timedelta(days=60),
    Stage.PRODUCTION: timedelta(days=365),
    Stage.RETIRED: None,
}


# Working days within which what is suspended is resumed or retired (product.md §4).
DAYS_SUSPENDED = 5
RECERTIFY_FULL = timedelta(days=182)  # at the full control level


class Role(models.TextChoices):
    """What a person is named to do on an initiative; always a person, never a team."""

    SPONSOR = "sponsor", "Sponsor"
    BUSINESS_OWNER = "business_owner", "Business owner"
    ENGINEERING_OWNER = "engineering_owner", "Engineering owner"
    PRODUCTION_OWNER = "production_owner", "Production owner"
    ON_CALL = "on_call", "On-call contact"
    DATA_OWNER = "data_owner", "Data owner"
    BUDGET_OWNER = "budget_owner", "Budget owner"


# The roles without which an initiative in this stage is unowned.
REQUIRED_ROLES: dict[str, tuple[Role, ...]] = {
    Stage.PROPOSAL: (),
    Stage.PILOT: (Role.SPONSOR, Role.BUSINESS_OWNER, Role.ENGINEERING_OWNER),
    Stage.READINESS_REVIEW: (Role.SPONSOR, Role.BUSINESS_OWNER, Role.ENGINEERING_OWNER),
    Stage.PRODUCTION: (Role.BUSINESS_OWNER, Role.PRODUCTION_OWNER),
    Stage.RETIRED: (),
}
