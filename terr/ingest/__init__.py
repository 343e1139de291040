"""Files in, accounts out: every row with a fate, every number read once."""

from terr.ingest.clean import parse_number
from terr.ingest.columns import ColumnMap, candidates, check_map, header_key, recognise
from terr.ingest.files import Limits, RawTable, read_table
from terr.ingest.ledger import Intake, Ledger, MeasureTotals, Repair, take_in
from terr.ingest.mend import Merged, Rejects, amend, merge_rejects, rejects_in
from terr.ingest.progress import Cancelled
from terr.ingest.questions import Choice, Question, kept_answers, layout_key, questions
from terr.ingest.roster import read_reps, rep_columns
from terr.ingest.words import FIELDS

__all__ = [
    "FIELDS",
    "Cancelled",
    "Choice",
    "ColumnMap",
    "Intake",
    "Ledger",
    "Limits",
    "MeasureTotals",
    "Merged",
    "Question",
    "RawTable",
    "Rejects",
    "Repair",
    "amend",
    "candidates",
    "check_map",
    "header_key",
    "kept_answers",
    "layout_key",
    "merge_rejects",
    "parse_number",
    "questions",
    "read_reps",
    "read_table",
    "recognise",
    "rejects_in",
    "rep_columns",
    "take_in",
]
