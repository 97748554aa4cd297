"""How stages are spelled elsewhere: one table of whole values, one of telling words.

A value found in `SPELLINGS` is understood. A short remark found only through `SIGNS` is understood
with a warning. Anything else is a proposal with a warning. "Completed" is in neither table: it may
mean that a system runs or that it ended. A system in development or before its deployment is a
pilot: somebody works on it, and it serves nobody yet.
"""

import re
from functools import lru_cache

from initiatives.importing.folding import fold, is_blank

PROPOSAL, PILOT, REVIEW, PRODUCTION, RETIRED = (
    "proposal",
    "pilot",
    "readiness_review",
    "production",
    "retired",
)
STAGES = (PROPOSAL, PILOT, REVIEW, PRODUCTION, RETIRED)

SPELLINGS = {
    PROPOSAL: """proposal|proposed|initiated|initiation|planned|planning|in planning|plan
        |ideation|idea|ideas|concept|conception|intake|backlog|pipeline|submitted|draft
        |requested|request|new|under consideration|under evaluation|evaluation|exploration
        |exploring|exploratory|discovery|scoping|investigating|research|not started
        |not yet started|feasibility|feasibility study|assessment of need|pre initiation
        |identified|business case|geplant|idee|in planung|vorschlag|konzept|prevu|planifie
        |en projet|proposition|planificado""",
    PILOT: """pilot|pilots|piloting|in pilot|pilot phase|piloted|pilot project
        |this is a pilot initiative|acquisition and or development|acquisition development
        |acquisition and development|development and acquisition|development|in development
        |under development|developing|currently under development|initial development
        |currently in development|build|building|in progress|poc|proof of concept
        |investigating proof of concept|prototype|prototyping|in prototype|mvp|beta|alpha
        |experiment|experimental|trial|in trial|pre deployment|predeployment|sandbox
        |proof of value|pov|incubation|testing|in testing|in test|test|testphase|pilotierung
        |pilotphase|in entwicklung|entwicklung|in arbeit|pilote|en pilote|en developpement
        |en cours|experimentation|piloto""",
    REVIEW: """readiness review|readiness|implementation and assessment|implementation
        |implementing|in implementation|being implemented|uat|user acceptance testing
        |user acceptance test|acceptance testing|acceptance test|acceptance|validation
        |in validation|deployment|pre production|preproduction|staging|ready for production
        |ready for go live|ready for launch|go live preparation|deployment in progress
        |being deployed|rollout|roll out|rolling out|deploying|awaiting go live|abnahme
        |einfuhrung|recette|en recette|en deploiement""",
    PRODUCTION: """production|in production|operation and maintenance|operations and maintenance
        |operation maintenance|operation and management|operations and management|operation
        |operations|operational|in operation|in mission|in use|in active use|active use|deployed
        |fully deployed|live|in live|live in production|launched|released|active|implemented
        |fully implemented|running|productive|maintenance|scaled|scaling|ga|general availability
        |generally available|o m|produktiv|in betrieb|im einsatz|aktiv|live betrieb
        |en production|en service|deploye|actif|en produccion|implementado""",
    RETIRED: """retired|retirement|decommissioned|discontinued|sunset|sunsetted|phased out
        |withdrawn|cancelled|canceled|terminated|stopped|abandoned|shut down|end of life|eol
        |killed|rejected|declined|not pursued|no longer in use|no longer used
        |no longer in production|archived|obsolete|stillgelegt|eingestellt|abgeschaltet
        |abgebrochen|retire|arrete|abandonne|retirado""",
}
_STAGE_OF = {
    " ".join(spelling.split()): stage
    for stage, spellings in SPELLINGS.items()
    for spelling in spellings.split("|")
}

_DENIED = re.compile(
    r"\b(?:not|never|nor|non|out of|before|until|to be|will be|awaiting|pending)\b"
    r"(?: (?!but\b|and\b)\w+){1,3}"
)
_LIMITING_WORDS = """going soon ready partially partly limited plan plans planned next after when if
    pre pseudo semi near expected upcoming future nobody almost once"""
_LIMITING = frozenset(_LIMITING_WORDS.split())
SIGNS = (
    (re.compile(r"\b(?:retired|decommissioned|discontinued|cancell?ed|no longer)\b"), RETIRED),
    (
        re.compile(
            r"\b(?:pilots?|piloting|proof of concept|prototype|poc|limited test|pre ?deployment)\b"
        ),
        PILOT,
    ),
    (re.compile(r"\b(?:acceptance test\w*|uat|readiness)\b"), REVIEW),
    (re.compile(r"\b(?:(?:under|in) development|developing|tested|being developed)\b"), PILOT),
    (re.compile(r"\b(?:in production|deployed|in use|operational|live)\b"), PRODUCTION),
)
"""Telling words in the order in which they win; what `_DENIED` matches is taken out before."""

_DASH = "[-\u2013\u2014]"
_ENUMERATOR = re.compile(
    rf"^\s*(?:\(?[a-z0-9]{{1,2}}[.):]\s*|(?:stage|phase)\s*\d\s*(?:{_DASH}|[:.])?\s*|\d\s+{_DASH}?\s*)",
    re.I,
)
_TAIL = re.compile(rf"\s{_DASH}\s|[\u2013\u2014:(;\n]")
_REMARK_WORDS = 12


@lru_cache(maxsize=2_000)
def read_stage(text: str) -> tuple[str, str]:
    """Give the stage that a value stands for, and why that is doubtful ("" when it is not)."""
    if is_blank(text):
        return PROPOSAL, "no stage is given; taken as a proposal"
    if stage := _whole(text):
        return stage, ""
    if stage := _remark(fold(text)):
        return stage, f"not one of the known stages; its words were taken for {_words(stage)}"
    return PROPOSAL, "not one of the known stages; taken as a proposal until the mapping says more"


def _whole(text: str) -> str:
    """Look up the value, then without its enumerator, then without its explanation."""
    bare = _ENUMERATOR.sub("", text).strip()
    head, *tail = _TAIL.split(bare, maxsplit=1)
    for form in (text, bare):
        if stage := _STAGE_OF.get(fold(form)):
            return stage
    stage = _STAGE_OF.get(fold(head), "")
    return "" if stage == PRODUCTION and _contradicts(fold(" ".join(tail))) else stage


def _contradicts(folded: str) -> bool:
    """Tell whether a short addition takes back that it runs: `Deployed (not in production)`."""
    if len(folded.split()) > _REMARK_WORDS:
        return False
    return bool(_DENIED.search(folded)) or _remark(folded) not in {"", PRODUCTION}


def _remark(folded: str) -> str:
    """Look for telling words in a remark short enough to be about nothing else."""
    if len(folded.split()) > _REMARK_WORDS:
        return ""
    affirmed = _DENIED.sub("", folded)
    for sign, stage in SIGNS:
        if sign.search(affirmed) and (stage != PRODUCTION or _is_plain(folded)):
            return stage
    return ""


def _is_plain(folded: str) -> bool:
    """Only a remark without a but says that a system runs."""
    return not _DENIED.search(folded) and _LIMITING.isdisjoint(folded.split())


def _words(stage: str) -> str:
    return stage.replace("_", " ")
