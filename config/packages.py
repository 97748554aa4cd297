"""Which files of the npm packages the pages use; nothing else of them is published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage

PUBLISHED = {
    "packages/tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "packages/tabler.js": "@tabler/core/dist/js/tabler.min.js",
    "packages/htmx.js": "htmx.org/dist/htmx.min.js",
    "packages/chart.js": "chart.js/dist/chart.umd.js",
    "packages/chart-annotation.js": (
        "chartjs-plugin-annotation/dist/chartjs-plugin-annotation.min.js"
    ),
}
# The last line of a minified file, which names a source map that is not published.
SOURCE_MAP = re.compile(rb"\s*(//|/\*)# sourceMappingURL=\S+( \*/)?\s*\Z")


class PackageStorage(FileSystemStorage):
    """Serves the published files under our names from `node_modules/`."""

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        """Leave out the reference to a source map: the manifest would refuse what it can't find."""
        with super()._open(name, mode) as file:  # type: ignore[misc]
            return ContentFile(SOURCE_MAP.sub(b"\n", file.read()), name)

    def path(self, name: str) -> str:
        return super().path(PUBLISHED[name])


class PackageFinder(BaseFinder):
    """Finds the published files for collectstatic and the development server."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.storage = PackageStorage(location=settings.BASE_DIR / "node_modules")
        super().__init__()

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = [self.storage.path(path)] if path in PUBLISHED else []
        return found if find_all else (found[0] if found else [])

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:
        return ((name, self.storage) for name in PUBLISHED)
