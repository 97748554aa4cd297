"""Everything the page of one initiative shows at first view."""

from portfolio.queries.page.loading import load

__all__ = ["load"]
