"""How yes and no are written, and the two questions that inventories answer in other words."""

import re
from functools import lru_cache

from initiatives.importing.folding import fold, is_blank_with_remark

YES = frozenset(
    ["yes", "y", "true", "1", "x", "ja", "j", "wahr", "oui", "o", "vrai", "si", "checked"]
)
NO = frozenset(["no", "n", "false", "0", "nein", "falsch", "non", "faux", "unchecked"])

_ENUMERATOR = re.compile(r"^\s*\(?[a-z0-9][.)]\s*", re.I)
_FIRST = re.compile(r"^([^\W_]+)\s*(.?)", re.S)
_STOPS = frozenset("-\u2013\u2014,;:.(\n")
_UNDECIDED = re.compile(
    r"\b(?:too new|tbd|to be determined|not yet|under review|unclear|unknown"
    r"|(?:yes|no) (?:or )?(?:yes|no))\b"
)

_IMPACT = {
    "both": (True, True),
    "neither": (False, False),
    "rights impacting": (True, False),
    "rights": (True, False),
    "safety impacting": (False, True),
    "safety": (False, True),
    "rights impacting and safety impacting": (True, True),
    "rights and safety impacting": (True, True),
}
"""Value of a rights-or-safety column: (decides about people, safety or regulated)."""

_SELLERS = re.compile(
    r"\b(?:purchased?|bought|buy|vendors?|contract\w*|suppliers?|procured|external|off the shelf"
    r"|cots|third party|saas|licen[cs]ed|gekauft|zugekauft|extern|achete)\b"
)
_OWN_MAKERS = re.compile(
    r"\b(?:in ?house|internal(?:ly)?|built|build|self developed|eigenentwicklung|interne?)\b"
)
_NO_SELLERS = re.compile(r"^no (?:contract|vendor|external|third party)\b")
_NEGATED = re.compile(r"\b(?:not|never|without|no)\b")


@lru_cache(maxsize=5_000)
def read_answer(field: str, text: str) -> bool | None:
    """Give yes, no, or None for a blank; raise ValueError for what is neither."""
    if is_blank_with_remark(text):
        return None
    bare = _ENUMERATOR.sub("", text).strip()
    own = _OWN_WORDS.get(field, _no_own_words)(field, fold(bare))
    answer = _plain(bare) if own is None else own
    if answer is None:
        raise ValueError("neither yes nor no; the question is left unanswered")
    return answer


def _plain(text: str) -> bool | None:
    """Read yes or no standing alone or before a dash, comma or other stop."""
    found = _FIRST.match(text)
    if not found or _UNDECIDED.search(fold(text)):
        return None
    word, follower = fold(found[1]), found[2]
    stops = not follower or follower in _STOPS
    return word in YES if stops and word in YES | NO else None


def _no_own_words(field: str, folded: str) -> bool | None:
    return None


def _impact(field: str, folded: str) -> bool | None:
    answers = _IMPACT.get(folded)
    return None if answers is None else answers[field == "safety_or_regulated"]


def _bought(field: str, folded: str) -> bool | None:
    """What outsiders built in part counts as bought: the supplier's questions apply to it."""
    if _NO_SELLERS.search(folded):
        return False
    if _NEGATED.search(folded):
        return None
    if _SELLERS.search(folded):
        return True
    return False if _OWN_MAKERS.search(folded) else None


_OWN_WORDS = {
    "decides_about_people": _impact,
    "safety_or_regulated": _impact,
    "bought": _bought,
}
