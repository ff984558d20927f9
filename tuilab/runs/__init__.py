"""The run folder: one folder a run, one engine at a time by a lock, one writer a file."""

from tuilab.runs.control import COMMANDS, Command, ControlFile
from tuilab.runs.errors import RunError
from tuilab.runs.folder import Run
from tuilab.runs.launch import CHILDREN, launch, wait_until_started
from tuilab.runs.lock import Lock
from tuilab.runs.query import query, values
from tuilab.runs.state import State, told_by
from tuilab.runs.store import create, delete, find, listing, new_folder, rename, runs_folder
from tuilab.runs.summary import Summary
from tuilab.runs.tunables import meant, tunables, turned

__all__ = [
    "CHILDREN",
    "COMMANDS",
    "Command",
    "ControlFile",
    "Lock",
    "Run",
    "RunError",
    "State",
    "Summary",
    "create",
    "delete",
    "find",
    "launch",
    "listing",
    "meant",
    "new_folder",
    "query",
    "rename",
    "runs_folder",
    "told_by",
    "tunables",
    "turned",
    "values",
    "wait_until_started",
]
