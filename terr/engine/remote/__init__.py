"""Calls that leave this process: what travels, checked; processes of this machine; a Dask cluster and its workers."""
