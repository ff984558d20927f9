"""The run folder: one folder a run, one writer a file, no locks."""

from tuilab.runs.control import COMMANDS, ControlFile
from tuilab.runs.folder import Run, RunError, State, create, find, listing, runs_folder
from tuilab.runs.launch import launch, wait_until_started

__all__ = [
    "COMMANDS",
    "ControlFile",
    "Run",
    "RunError",
    "State",
    "create",
    "find",
    "launch",
    "listing",
    "runs_folder",
    "wait_until_started",
]
