"""Files in, accounts out: every row with a fate, every number read once."""

from terr.ingest.clean import parse_number
from terr.ingest.columns import ColumnMap, candidates, check_map, header_key, recognise
from terr.ingest.files import Limits, RawTable, read_table
from terr.ingest.ledger import Intake, Ledger, MeasureTotals, take_in
from terr.ingest.roster import read_reps, rep_columns
from terr.ingest.words import FIELDS

__all__ = [
    "FIELDS",
    "ColumnMap",
    "Intake",
    "Ledger",
    "Limits",
    "MeasureTotals",
    "RawTable",
    "candidates",
    "check_map",
    "header_key",
    "parse_number",
    "read_reps",
    "read_table",
    "recognise",
    "rep_columns",
    "take_in",
]
