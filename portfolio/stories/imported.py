"""What a list that somebody kept beside all this says of Halden Mutual: imported two days ago, and
quiet until a visitor starts the campaign."""

from __future__ import annotations

import csv
import io

from initiatives import actions as initiatives
from initiatives.importing.mapping import guess
from initiatives.importing.parsing import parse
from initiatives.importing.reading import read
from portfolio.stories.people import Cast

DAYS_AGO = 2.5
FILE = "models-in-use.csv"
HEADINGS = ("Use case", "Status", "Unit", "Problem", "Vendor", "Owner e-mail", "Owner name")
TOMAS = ("tomas.berger@halden.example", "Tomas Berger")
PRIYA = ("priya.nair@halden.example", "Priya Nair")
GRACE = ("grace.mensah@halden.example", "Grace Mensah")
# Known by the list alone: to be invited.
HANNA = ("hanna.lindqvist@halden.example", "Hanna Lindqvist")
NOBODY = ("", "")

ROWS = (
    ("Total loss estimates", "In production", "Claims",
     "Adjusters price wrecks from three tables that disagree.", "Autovalue", *TOMAS),
    ("Duplicate invoice finder", "In production", "Claims",
     "Repair shops send the same invoice twice; nobody saw it before it was paid.", "", *TOMAS),
    ("Hail damage hotline script", "Pilot", "Claims",
     "After a storm callers wait forty minutes to be told which photos to take.", "", *TOMAS),
    ("Log anomaly watch", "In production", "Information technology",
     "Outages were found by customers, not by us.", "Sightline", *PRIYA),
    ("Test data generator", "Pilot", "Information technology",
     "Tests ran on copies of real policies.", "", *PRIYA),
    ("Rehabilitation letter drafts", "Pilot", "Life and disability",
     "Case managers write the same letter eleven times a week.", "Lettermill", *GRACE),
    ("Commission mismatch report", "In production", "Sales and brokers",
     "Brokers found the errors in their commission before we did.", "", *HANNA),
    ("Old tariff calculator", "In production", "Underwriting",
     "Still switched on; nobody remembers for whom.", "", *NOBODY),
)  # fmt: skip


def bring_in(cast: Cast) -> None:
    """Import it, as a lead does."""
    out = io.StringIO()
    csv.writer(out).writerows((HEADINGS, *ROWS))
    sheet = read(out.getvalue().encode(), FILE)
    at = cast.moment(DAYS_AGO)
    parsed = parse(sheet, guess(sheet.headers), default_source="models in use", today=at.date())
    initiatives.import_inventory(parsed=parsed, file_name=FILE, by=cast.lead, at=at)
