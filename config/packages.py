"""Which files of the npm packages the pages use; nothing else of them is published."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
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


class PackageStorage(FileSystemStorage):
    """Serves the published files under our names from `node_modules/`."""

    def path(self, name: str) -> str:
        return super().path(PUBLISHED[name])


class PackageFinder(BaseFinder):
    """Finds the published files for collectstatic and the development server."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.storage = PackageStorage(location=settings.BASE_DIR / "node_modules")
        super().__init__()

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> str | list[str]:
        found = [self.storage.path(path)] if path in PUBLISHED else []
        return found if find_all else (found[0] if found else [])

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:
        return ((name, self.storage) for name in PUBLISHED)
