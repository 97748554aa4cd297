"""Which heading stands for which of our fields: the synonyms, and how a header row is judged.

A heading is compared as a whole first (`EXACT`, best synonym first), then without a leading subject
("Project owner" is "owner"), then by the words that a long question must hold (`QUESTIONS`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from initiatives.importing.folding import fold_heading
from initiatives.importing.sheets import MAX_COLUMNS

TRIAGE_FIELDS = (
    "decides_about_people",
    "talks_to_public",
    "personal_data",
    "confidential_data_leaves",
    "acts_without_approval",
    "affects_employees",
    "safety_or_regulated",
    "bought",
)
DATE_FIELDS = ("started_date", "live_date", "retired_date")
TEXT_FIELDS = (
    "external_id",
    "name",
    "source",
    "unit",
    "problem",
    "outcome",
    "users",
    "scope",
    "vendor",
    "system",
    "owner_email",
    "owner_name",
)
FIELDS = (*TEXT_FIELDS, "stage", *DATE_FIELDS, *TRIAGE_FIELDS)

EXACT: dict[str, str] = {
    "external_id": """use case id|use case identifier|use case number|initiative id|inventory id
        |id|identifier|ref|reference|reference id|reference number|ref no|ref number|unique id
        |record id|register id|ai register id|entry id|item id|case id|project number|id number
        |inventory number|number|nr|no|key|kennung|kennzeichen|projektnummer|laufende nummer
        |lfd nr|identifiant|numero""",
    "name": """use case name|use case title|ai use case name|name of use case
        |name of the use case|initiative name|initiative|initiative title|name|title|use case
        |ai use case|project name|project title|projektname|project|projekt|bezeichnung|titel
        |anwendungsfall|vorhaben|nom|titre|intitule|cas d usage|nom du projet|projet|nombre|nome
        |naam|ai system name|name of ai system|name ai system|system name|tool name|tool
        |product name|product|solution name|solution|application name|application|algorithm name
        |algorithm|model name|model|system|service|asset name""",
    "source": """agency|agency name|reporting agency|agency organization|organization
        |organisation|organization name|organisation name|government organization|company
        |institution|entity|legal entity|ministry|source|agency abbreviation|agency code
        |department name|behorde|unternehmen|gesellschaft|organisme""",
    "unit": """business unit|bureau component|bureau|component|business area|organizational unit
        |organisational unit|org unit|unit|division|department|dept|business function
        |business line|operating division|sub agency|subagency|office|directorate|branch
        |function|team|area|abteilung|fachbereich|geschaftsbereich|bereich|organisationseinheit
        |direction|departement|unite""",
    "stage": """stage|stage of development|development stage|dev stage|lifecycle stage
        |life cycle stage|stage of system development life cycle|use case stage|current stage
        |lifecycle phase|life cycle phase|development phase|deployment stage|deployment phase
        |deployment status|lifecycle|life cycle|lifecycle status|life cycle status|project phase
        |phase|implementation status|development status|maturity|status|current status|statut
        |stand|projektstatus|projektphase|etat|avancement|estado|stato|fase|state""",
    "problem": """problem|business problem|problem statement|problem description
        |problem to be solved|problem solved|problem to solve|business challenge
        |purpose benefits|intended purpose|intended purpose and expected benefits|purpose
        |use case description|summary|summary of use case|use case summary|description
        |short description|business need|what it does|overview|details|beschreibung
        |kurzbeschreibung|problemstellung|zweck|probleme|description ai system
        |descriptif|descripcion|objet""",
    "outcome": """expected benefits|expected outcome|expected outcomes|outcome|outcomes|benefits
        |benefit|benefit description|business benefit|business benefits|expected benefit
        |outcomes and benefits|outcomes benefits|business value|expected value|objective
        |objectives|goal|goals|business goal|nutzen|ziel|ziele|benefices|objectif|objectifs""",
    "users": """users|intended users|end users|primary users|target users|user group|user groups
        |target audience|ai system primary users|who uses it|nutzer|anwender|zielgruppe
        |utilisateurs""",
    "scope": """scope|outputs|output|output description|ai system outputs|system outputs
        |ai system results|in scope|umfang|ergebnisse|perimetre""",
    "vendor": """vendor|vendor name|vendors|vendors name|vendor s name|vendor s|supplier
        |supplier name|suppliers|provider|third party vendor|vendor information|manufacturer
        |ai vendor|model provider|lieferant|anbieter|hersteller|fournisseur|proveedor""",
    "system": """system name|system s name|systems name|system|systems|ai system|platform
        |platform name|underlying system|application|application name|product|product name|tool
        |tool name|plattform|anwendung|systeme""",
    "owner_email": """owner email|owner email address|owner s email|business owner email
        |contact email|contact email address|point of contact email|poc email|responsible email
        |lead email|email of owner|email|email address|emailadresse|email verantwortlicher
        |courriel|adresse email""",
    "owner_name": """owner|owner name|business owner|business owner name|initiative owner
        |responsible|responsible person|accountable|accountable person|accountable owner|lead
        |project lead|project manager|product owner|point of contact|poc|contact|contact name
        |contact person|poc name|primary contact|verantwortlich|verantwortlicher|verantwortliche
        |ansprechpartner|projektleiter|projektleitung|eigentumer|responsable|propietario""",
    "started_date": """date initiated|initiated|initiation date|start date|date started|started
        |started on|start|kick off|kickoff|kick off date|kickoff date|project start
        |project start date|begin date|date begun|startdatum|beginn|projektstart|date de debut""",
    "live_date": """date implemented|go live|go live date|golive|live date|live since|date live
        |operational date|operation date|date operational|production date|in production since
        |deployment date|date deployed|deployed on|launch date|launched|implementation date
        |date of first use|first use|release date|produktivsetzung|inbetriebnahme|produktiv seit
        |mise en production|date de mise en service""",
    "retired_date": """date retired|retired|retired on|retirement date|date of retirement
        |decommission date|decommissioned on|decommissioning date|date decommissioned
        |sunset date|retired date|discontinued on|abschaltdatum|stillgelegt am|date de retrait""",
    "decides_about_people": """decides about people|decisions about people|rights impacting
        |makes decisions about people|affects individuals|impact type|impact classification""",
    "talks_to_public": """talks to the public|talks to public|public facing|customer facing
        |external facing|interacts with the public|interacts with public
        |interacts with customers|used by the public""",
    "personal_data": """personal data|contains personal data|uses personal data
        |processes personal data|involves personal data|personal information
        |involves personal information|contains pii|involves pii|uses pii|pii|personal data used
        |personally identifiable information|personenbezogene daten|donnees personnelles""",
    "confidential_data_leaves": """confidential data leaves
        |confidential data leaves the organisation|confidential data leaves the organization
        |confidential data shared externally|data leaves the organisation
        |data leaves the organization""",
    "acts_without_approval": """acts without approval|acts without a person s approval
        |autonomous|autonomous impact|fully automated|acts autonomously|automated decisions
        |automated decision making|without human approval""",
    "affects_employees": """affects employees|employees affected|impacts employees
        |employee impact|affects staff|affects workers""",
    "safety_or_regulated": """safety or regulated|safety or regulated activity|safety impacting
        |safety critical|safety related|regulated activity|impact type|impact classification""",
    "bought": """bought|purchased|dev method|build or buy|build vs buy|buy or build|make or buy
        |built or bought|bought or built|procured|contractor|commercial off the shelf|cots""",
}

_SHARED = frozenset({"decides_about_people", "safety_or_regulated"})
"""The two that federal inventories ask in one column: rights-impacting, safety-impacting."""

_PLANS = frozenset(
    [
        "planned",
        "target",
        "expected",
        "estimated",
        "forecast",
        "projected",
        "proposed",
        "anticipated",
    ]
)
_SUBJECT = re.compile(
    r"^(?:(?:the|ai|use case|system|project|initiative|model|solution|tool|application|product) )+"
)
_SUFFIX = re.compile(r" (?:y n|yes no|indicator|flag|required|mandatory|optional|en|if any)$")
_PREFIX = re.compile(r"^(?:q ?)?\d+ ")
_FIRST_PART = re.compile("[\n(\\[:?\u2013\u2014]")
_LONGEST_HEADING = 400


class Question(NamedTuple):
    """A long heading, known by words that it must hold and words that it must not hold."""

    field: str
    words: str
    without: str = ""
    score: int = 50


QUESTIONS = (
    Question("name", "name use case", "id owner vendor system contact", 45),
    Question("problem", "problem solve", "", 58),
    Question("problem", "intended purpose", "", 56),
    Question("problem", "describe use case", "data outputs code", 45),
    Question("outcome", "expected benefits", "purpose problem", 56),
    Question("outcome", "expected outcomes", "purpose problem", 54),
    Question("scope", "describe outputs", "", 55),
    Question("users", "intended users", "", 50),
    Question("stage", "stage development", "date", 50),
    Question("stage", "stage lifecycle", "date", 50),
    Question("stage", "stage life cycle", "date", 50),
    Question("vendor", "vendor name", "", 50),
    Question("vendor", "name vendors", "", 50),
    Question("live_date", "date became operational", "", 55),
    Question("live_date", "date operational", "", 50),
    Question("live_date", "date implemented", "", 50),
    Question("live_date", "date deployed", "", 50),
    Question("started_date", "date initiated", "", 50),
    Question("retired_date", "date retired", "", 50),
    Question("decides_about_people", "rights impacting safety", "how extension", 55),
    Question("safety_or_regulated", "rights impacting safety", "how extension", 55),
    Question("decides_about_people", "decisions about people", "", 50),
    Question("decides_about_people", "decisions about individuals", "", 50),
    Question("talks_to_public", "interact public", "feedback notice", 50),
    Question("talks_to_public", "interacts public", "feedback notice", 50),
    Question("personal_data", "involve personally identifiable information", "", 55),
    Question("personal_data", "involve pii", "", 55),
    Question("personal_data", "personal data use", "assessed link", 50),
    Question("personal_data", "personal data process", "assessed link", 50),
    Question("acts_without_approval", "decision action without human", "", 55),
    Question("bought", "developed contract house", "", 55),
    Question("bought", "purchased vendor developed", "", 55),
    Question("bought", "purchased house", "", 50),
)


def _ranked() -> dict[str, dict[str, int]]:
    ranks: dict[str, dict[str, int]] = {}
    for field, synonyms in EXACT.items():
        for place, synonym in enumerate(synonyms.split("|")):
            ranks.setdefault(" ".join(synonym.split()), {}).setdefault(field, 1000 - place)
    return ranks


_RANKS = _ranked()


def scores(heading: str) -> dict[str, int]:
    """Score a heading for each field that it may stand for; higher is better."""
    return _scores(heading) if len(heading) <= _LONGEST_HEADING else {}


@lru_cache(maxsize=20_000)
def _folded(heading: str) -> str:
    return fold_heading(heading)


@lru_cache(maxsize=20_000)
def _scores(heading: str) -> dict[str, int]:
    found = _question_scores(_folded(heading))
    for penalty, variant in _variants(heading):
        for field, rank in _RANKS.get(variant, {}).items():
            found[field] = max(found.get(field, 0), rank - penalty)
    return found


def _variants(heading: str) -> Iterator[tuple[int, str]]:
    """Yield the forms in which a heading is looked up, each with what it loses by the change."""
    if heading.strip() in {"#", "№"}:
        yield 50, "number"
    first = _FIRST_PART.split(heading.strip(), maxsplit=1)[0]
    parts = {first: 100, heading.strip(): 0}  # one where nothing follows the first part
    for part, penalty in parts.items():
        folded = _PREFIX.sub("", _folded(part))
        yield penalty, folded
        yield penalty + 150, _SUFFIX.sub("", folded)
        yield penalty + 300, _SUBJECT.sub("", _SUFFIX.sub("", folded))


def _question_scores(folded: str) -> dict[str, int]:
    words = set(folded.split())
    found: dict[str, int] = {}
    for question in QUESTIONS:
        if _asks(question, words):
            found[question.field] = max(found.get(question.field, 0), question.score)
    return found


def _asks(question: Question, words: set[str]) -> bool:
    if question.field in DATE_FIELDS and words & _PLANS:
        return False
    return words >= _words(question.words) and words.isdisjoint(_words(question.without))


@cache
def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def match(headers: Sequence[str]) -> dict[str, str]:
    """Give each field its heading, best match first, each heading once; the name chooses first."""
    candidates = sorted(_candidates(headers), key=lambda c: (c[2] != "name", -c[0], c[1]))
    chosen: dict[str, str] = {}
    taken: dict[str, str] = {}
    for _score, place, field in candidates:
        header = headers[place]
        if field not in chosen and _is_free(taken.get(header), field):
            chosen[field], taken[header] = header, field
    return {field: chosen[field] for field in FIELDS if field in chosen}


def _is_free(holder: str | None, field: str) -> bool:
    return holder is None or {holder, field} <= _SHARED


def _candidates(headers: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    department_is_source = _department_is_source(headers)
    for place, header in enumerate(headers):
        for field, score in scores(header).items():
            yield score, place, field
        if department_is_source:
            yield from _above_agency(fold_heading(header), place)


def _department_is_source(headers: Iterable[str]) -> bool:
    """Where departments and agencies stand side by side, agencies are parts of departments."""
    short = (header for header in headers if len(header) <= _LONGEST_HEADING)
    return {"department", "agency"} <= set(map(_folded, short))


def _above_agency(folded: str, place: int) -> Iterator[tuple[int, int, str]]:
    for heading, field in (("department", "source"), ("agency", "unit")):
        if folded == heading:
            yield 1001, place, field


def header_score(cells: Sequence[str]) -> tuple[bool, int]:
    """Judge a row as a header row: whether it names the name column, and how many it explains."""
    found = match(cells[:MAX_COLUMNS])
    return "name" in found, len(set(found.values()))
