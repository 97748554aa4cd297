"""What a document may be, what it is called, and how an answer cites it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from django.core.files import File
from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from initiatives.models import Document

MEGABYTE = 1024 * 1024
MOST_BYTES = 20 * MEGABYTE
AT_MOST = f"at most {MOST_BYTES // MEGABYTE} MB"
LONGEST_NAME = 300
LONGEST_LINK = 2_000
# All that a browser is told of; anything else is bytes to be saved.
CONTENT_TYPES = {
    ".csv": "text/csv",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".txt": "text/plain",
}
_JOINERS = dict.fromkeys((0x200C, 0x200D))  # parts of words and signs, though they show nothing


@dataclass(frozen=True, slots=True)
class Offered:
    """What an answer is to cite: a document that is here, a new file, or a link."""

    document: int | None = None
    file: File[Any] | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Cited:
    """What an answer cites, as a page shows it; without an address where it leads nowhere."""

    name: str
    href: str = ""
    is_link: bool = False

    def __str__(self) -> str:
        return self.name


def file_fault(file: File[Any]) -> str | None:
    """Say why this file cannot be stored, or None."""
    if not file.size:
        return "This file is empty. Choose another one."
    if file.size > MOST_BYTES:
        return (
            f"This file has {filesizeformat(file.size)}; {AT_MOST} are kept here. "
            "Store it elsewhere and give a link."
        )
    return None


def link_fault(url: str) -> str | None:
    """Say why this is no link to the web, or None; intranet names are fine."""
    if len(url) > LONGEST_LINK:
        return f"This link is too long: at most {LONGEST_LINK:,} characters."
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_web = False
    if not is_web or not url.isprintable() or re.search(r'[\s<>"\\]', url):
        return "This is not a link. Write it like https://example.com/minutes."
    if "@" in parts.netloc:
        return "Leave name and password out of the link."
    return None


def completed(url: str) -> str:
    """A link as people write it, with its scheme: `example.com/minutes`, `wiki:8080/x`."""
    scheme, colon, rest = url.partition(":")
    has_scheme = colon and "." not in scheme and not rest[:1].isdecimal()
    return url if has_scheme or not url else f"https://{url}"


def name_fault(name: str) -> str | None:
    """Say why a document cannot be called this, or None."""
    if len(name) > LONGEST_NAME:
        return f"Shorten the name: at most {LONGEST_NAME} characters."
    if not name.translate(_JOINERS).isprintable():
        return "The name has characters that cannot be shown. Write it anew."
    return None


def tidy(name: str) -> str:
    """One spelling for each name, on one line."""
    return unicodedata.normalize("NFC", " ".join(name.split()))


def name_of_file(name: str, file: File[Any]) -> str:
    """What a file is called here: as asked, but with its own ending; else as it is called."""
    own = re.split(r"[\\/]", file.name or "")[-1] or "document"
    ending = PurePosixPath(own).suffix
    if not name:
        return own
    return name if name.lower().endswith(ending.lower()) else name + ending


def name_of_link(name: str, url: str) -> str:
    """What a link is called here: as asked, else its address without the scheme."""
    return name or url.partition("://")[2].rstrip("/")[:LONGEST_NAME]


def saved_as(document: Document) -> str:
    """The name under which a browser saves it: without separators of folders."""
    return re.sub(r"[\\/]+", "-", document.name)


def content_type(document: Document) -> str:
    ending = PurePosixPath(saved_as(document)).suffix.lower()
    return CONTENT_TYPES.get(ending, "application/octet-stream")


def citation(document: Document) -> dict[str, Any]:
    """What an answer keeps: the content's digest is in it, so another file is another answer."""
    proof = {"url": document.url} if document.url else {"sha256": document.sha256}
    return {"document": document.pk, "name": document.name, **proof}


def cited_id(value: Any) -> int | None:
    """The document that a stored answer cites; None for texts, and for links of old."""
    return value.get("document") if isinstance(value, Mapping) else None


def cited(value: Any) -> Cited:
    """A stored answer as a page shows it; answers from before there were documents are links."""
    if not isinstance(value, Mapping):
        text = str(value)
        is_link = link_fault(text) is None
        return Cited(text, text if is_link else "", is_link)
    if url := value.get("url"):
        return Cited(value["name"], url, is_link=True)
    return Cited(value["name"], reverse("initiatives:document", args=[value["document"]]))


def in_words(value: Mapping[str, Any]) -> str:
    """A cited document where there is no room for a link: its name, and where it leads."""
    name, url = str(value.get("name", "")), str(value.get("url", ""))
    if not url:
        return name
    return url if url.endswith(name) else f"{name} ({url})"
