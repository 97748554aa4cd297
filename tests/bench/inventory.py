"""An inventory as people keep them, of as many rows as are asked for."""

import csv
import io

HEADINGS = ("ID", "Name", "Department", "Stage", "Problem", "Vendor", "Owner email", "Start date")
STAGES = ("Proposal", "Pilot", "In production", "Retired")
VENDORS = ("", "Contoso", "Fabrikam")


def inventory(rows: int, owners: list[str]) -> str:
    """CSV of so many rows, whose owners have these addresses in turn."""
    output = io.StringIO()
    sheet = csv.writer(output)
    sheet.writerow(HEADINGS)
    sheet.writerows(_row(n, owners[n % len(owners)]) for n in range(rows))
    return output.getvalue()


def _row(n: int, owner: str) -> list[str]:
    return [
        f"UC-{n:05d}",
        f"Sorting of incoming letters {n}",
        f"Department {n % 30}",
        STAGES[n % len(STAGES)],
        "Letters are sorted by hand, which takes a person the whole morning.",
        VENDORS[n % len(VENDORS)],
        owner,
        f"2025-{n % 12 + 1:02d}-15",
    ]
