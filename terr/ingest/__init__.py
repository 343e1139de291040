"""Files in, accounts out: every row with a fate, every number read once."""

from terr.ingest.cleaning.clean import parse_number
from terr.ingest.cleaning.corrections import MergedRejects, Rejects, correct_cells, merge_rejects, rejects_in
from terr.ingest.columns.asking import Question, QuestionChoice
from terr.ingest.columns.columns import ColumnMap, candidates, check_map, header_key, recognise
from terr.ingest.columns.questions import layout_key, questions, reusable_answers
from terr.ingest.columns.words import FIELDS
from terr.ingest.ledger.ledger import IngestResult, Ledger, MeasureTotals, Repair, build_ledger
from terr.ingest.ledger.roster import read_reps, rep_columns
from terr.ingest.reading.files import FileLimits, RawTable, read_table

__all__ = [
    "FIELDS",
    "ColumnMap",
    "FileLimits",
    "IngestResult",
    "Ledger",
    "MeasureTotals",
    "MergedRejects",
    "Question",
    "QuestionChoice",
    "RawTable",
    "Rejects",
    "Repair",
    "build_ledger",
    "candidates",
    "check_map",
    "correct_cells",
    "header_key",
    "layout_key",
    "merge_rejects",
    "parse_number",
    "questions",
    "read_reps",
    "read_table",
    "recognise",
    "rejects_in",
    "rep_columns",
    "reusable_answers",
]
