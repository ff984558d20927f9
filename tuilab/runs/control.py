"""What people ask of an engine: one JSON object a line, appended by anybody, read by the engine.

    {"id": "5e1f0c2a", "do": "set", "key": "momentum .5/optimizer.lr", "value": 0.01}
    {"id": "9b04", "do": "patch", "at": "arms.momentum .5.optimizer", "with": {"lr": 0.01, "momentum": 0.9}}

Every line is answered by an event of the recording that carries its `id`.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuilab.runs.files import write_private

Command = dict[str, Any]
"""`id`, `do` and what that takes.

Of a line that is no command: `id` where it has one, `command`, which is its text, and `why` it is none.
"""

Form = Mapping[str, tuple[type, ...]]

_NUMBER = (int, float)
COMMANDS: Mapping[str, Form] = {
    "pause": {},
    "resume": {},
    "step": {},
    "pace": {"value": (*_NUMBER, type(None))},
    "set": {"key": (str,), "value": _NUMBER},
    "patch": {"at": (str,), "with": (dict,)},
    "checkpoint": {},
    "until": {"condition": (str,)},
    "stop": {},
}
"""What an engine obeys, and what each takes. `pace` is in steps a second, null being as fast as it can.

`set` changes one number, by its key; `patch` changes settings of one place, such as `arms.sgd.optimizer`, all
or none. `until` pauses once its condition holds, such as `loss < 0.5` or `step >= 500`.
"""

_WORDS = {str: "text", int: "a number", float: "a number", type(None): "null", dict: "an object"}
_LONGEST = 65_536
"""Bytes of a line, and of what is read at once."""
_SHOWN = 200
"""Characters of a refused line that its answer shows."""


def create(path: Path) -> None:
    """An empty control file, which has its block on the disk: a full disk still takes a command."""
    write_private(path, b"\n", os.O_TRUNC)


def append(path: Path, do: str, arguments: Mapping[str, Any]) -> str:
    """Add one command and return its id.

    A single write, so that others who do the same can't tear it. It begins with a line's end, in case
    somebody's write came to only half a line.

    Raises:
        ValueError: there is no such command, or it takes something else.
        OSError: it can't be written.
    """
    command = {"id": secrets.token_hex(4), "do": do, **arguments}
    if why := _fault(command):
        raise ValueError(why)
    write_private(path, b"\n%s\n" % json.dumps(command).encode(), os.O_APPEND)
    return str(command["id"])


class ControlFile:
    """The engine's end: hands out each complete line once, also of a file that took this one's place.

    Args:
        path: the file; it may not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1
        # Held open: as long as it is, no other file can get its number.
        self._inode = -1
        self._offset = 0
        self._too_long = False

    def read(self) -> list[Command]:
        """The commands since the last call; costs one stat when there are none."""
        try:
            now = self.path.stat()
            if now.st_ino != self._inode:
                self._open()
            elif now.st_size == self._offset:
                return []
            elif now.st_size < self._offset:
                self._offset, self._too_long = 0, False
            data = os.pread(self._fd, _LONGEST, self._offset)
        except OSError:
            return []
        whole = data.rfind(b"\n") + 1
        if not whole:
            if len(data) < _LONGEST:
                return []
            self._offset += len(data)
            first, self._too_long = not self._too_long, True
            return [_refusal(data, f"a line of more than {_LONGEST:,} bytes")] if first else []
        self._offset += whole
        lines = data[:whole].split(b"\n")
        if self._too_long:
            lines, self._too_long = lines[1:], False
        return [_command(line) for line in lines if line.strip()]

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = self._inode = -1

    def _open(self) -> None:
        self.close()
        self._offset, self._too_long = 0, False
        fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            os.close(fd)
            raise OSError("a control file that is no file")
        self._fd, self._inode = fd, found.st_ino


def _command(line: bytes) -> Command:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return _refusal(line, "it is no JSON")
    why = _fault(found)
    return _refusal(line, why, found) if why else found


def _fault(found: Any) -> str:
    """Why this is no command; "" if it is one."""
    if not isinstance(found, dict):
        return 'it is no JSON object such as {"id": "1", "do": "pause"}'
    name, do = found.get("id"), found.get("do")
    if not isinstance(name, str) or not 0 < len(name) <= 64:
        return "its id is no text of 1 to 64 characters"
    if not isinstance(do, str) or do not in COMMANDS:
        return f"there is no such command; there are {', '.join(COMMANDS)}"
    form = COMMANDS[do]
    if found.keys() - {"id", "do"} != form.keys():
        return f"{do} takes {' and '.join(form) or 'nothing'}"
    for key, kinds in form.items():
        if not isinstance(found[key], kinds) or isinstance(found[key], bool) or not _finite(found[key]):
            return f"{key} of {do} is to be {' or '.join(dict.fromkeys(_WORDS[kind] for kind in kinds))}"
    return ""


def _finite(value: Any) -> bool:
    """Whether no number in it is NaN, infinite or beyond what a float holds."""
    if isinstance(value, dict | list):
        return all(map(_finite, value.values() if isinstance(value, dict) else value))
    if not isinstance(value, int | float):
        return True
    with contextlib.suppress(OverflowError):
        return math.isfinite(value)
    return False


def _refusal(line: bytes, why: str, found: Any = None) -> Command:
    name = found.get("id") if isinstance(found, dict) else None
    shown = line.strip()[: 4 * _SHOWN].decode(errors="replace")[:_SHOWN]
    return {"id": name[:64] if isinstance(name, str) else None, "command": shown, "why": why}
