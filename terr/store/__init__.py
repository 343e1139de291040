"""Store: scenarios, their edits, data sets and reps in a database; uploads and accounts in files."""

from terr.folders import data_dir
from terr.store.files import DataFiles
from terr.store.records import DatasetInfo, ScenarioInfo
from terr.store.store import NOBODY, Client, Store, open_store

__all__ = ["NOBODY", "Client", "DataFiles", "DatasetInfo", "ScenarioInfo", "Store", "data_dir", "open_store"]
