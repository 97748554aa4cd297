"""Units, as far as initiatives are found by them."""

from datetime import datetime

from accounts import actions as accounts
from accounts.models import Person, Unit
from audit.refusals import records_refusals
from initiatives import search
from initiatives.models import Initiative

BATCH = 500


@records_refusals("unit.save")
def save_unit(
    *,
    unit: Unit | None,
    name: str,
    parent: Unit | None,
    head: Person | None,
    by: Person | None,
    at: datetime,
) -> Unit:
    """Add a unit, or change one; its initiatives are found by its new name at once."""
    before = Unit.objects.filter(pk=unit.pk).get() if unit else None  # `unit` may hold what is new
    saved = accounts.save_unit(unit=unit, name=name, parent=parent, head=head, by=by, at=at)
    if before is not None and before.name != saved.name:
        _find_by_new_name(saved)
    return saved


def _find_by_new_name(unit: Unit) -> None:
    """Locked before they are read, so that an edit at the same moment is not undone."""
    rows = list(Initiative.objects.filter(unit=unit).select_for_update().order_by("pk"))
    for row in rows:
        row.unit = unit
        row.search_text = search.text_of(row)
    Initiative.objects.bulk_update(rows, ["search_text"], batch_size=BATCH)
