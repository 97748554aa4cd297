"""Folding: the form in which two spellings of the same heading or value are equal."""

import re
import unicodedata

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_E_MAIL = re.compile(r"\be mail\b")
_WORD = re.compile(r"[^\W_]+")

_NOTHING = """n a|na|none|null|nil|tbd|tbc|unknown|not applicable|to be determined|not available
    |not known|not provided|not reported|blank not provided|unbekannt|keine angabe|inconnu
    |sans objet"""
BLANKS = frozenset(" ".join(word.split()) for word in _NOTHING.split("|"))
_BLANK_BEGINNINGS = ("n a ", "not applicable ", "to be determined ")


def fold(text: str) -> str:
    """Fold case, accents, punctuation and line breaks: `Bureau/Component` is `bureau component`."""
    if not text.isascii():
        text = "".join(
            c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)
        )
    return " ".join(_WORD.findall(text.casefold()))


def fold_heading(text: str) -> str:
    """Fold a heading, whose words may also be run together: `useCaseID` is `use case id`."""
    folded = fold(_CAMEL.sub(" ", text))
    return _E_MAIL.sub("email", folded) if "e mail" in folded else folded


def key(text: str) -> str:
    """Give the form in which a mapping looks a cell up: case and white space do not count."""
    return " ".join(text.split()).casefold()


def is_empty(text: str) -> bool:
    """Tell whether a cell holds no letter and no digit, like ` `, `-` or a stray backtick."""
    return not _WORD.search(text)


def is_blank(text: str) -> bool:
    """Tell whether a cell says that there is nothing to say: empty, `N/A`, `TBD`, `none`."""
    return is_empty(text) or fold(text[:60]) in BLANKS


def is_blank_with_remark(text: str) -> bool:
    """Tell whether a cell is blank though it adds why: `N/A - consolidated into another one`."""
    return is_blank(text) or f"{fold(text[:60])} ".startswith(_BLANK_BEGINNINGS)
