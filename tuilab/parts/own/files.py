"""A user's Python file as a module, and what went wrong in it as one sentence."""

from __future__ import annotations

import hashlib
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

_LARGEST = 10_000_000
"""Bytes of a file; a page of code has thousands."""
_MODULE = "tuilab_own_"
"""What the modules' names begin with."""


class OwnError(Exception):
    """An own part that can't be loaded or does not keep its part's protocol: one clear sentence."""


@dataclass(frozen=True)
class OwnFile:
    """A file that was run, and what it was."""

    path: Path
    sha256: str
    module: ModuleType

    @property
    def names(self) -> list[str]:
        """The classes and functions that are defined in it."""
        own = self.module.__name__
        return [name for name, value in vars(self.module).items() if getattr(value, "__module__", "") == own]


def load(path: Path) -> OwnFile:
    """Run a file's code, as what its bytes are now.

    The file stands for itself: Python imports nothing from the folder in which it lies.

    Raises:
        OwnError: it can't be read, or fails; with the line of it.
    """
    if not path.is_file():
        raise OwnError(f"{path}: there is no such file")
    try:
        code = path.read_bytes()
    except OSError as error:
        raise OwnError(f"{path}: can't be read ({error.strerror})") from None
    if len(code) > _LARGEST:
        raise OwnError(f"{path}: holds {len(code):,} bytes; a file of own parts has at most {_LARGEST:,}")
    digest = hashlib.sha256(code).hexdigest()
    module = ModuleType(f"{_MODULE}{path.stem}_{digest[:12]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # where dataclasses look for it
    try:
        exec(compile(code, str(path), "exec"), vars(module))
    except (Exception, SystemExit) as error:
        raise OwnError(said(error) or f"{path}: {words(error)}") from None
    return OwnFile(path, digest, module)


def said(error: BaseException) -> str:
    """What went wrong in an own file, with its line; nothing where it had no share in it."""
    if isinstance(error, OwnError):
        return str(error)
    if isinstance(error, SyntaxError) and error.filename and error.__traceback__ is not None:
        last = traceback.extract_tb(error.__traceback__)[-1]
        if last.filename != error.filename and last.name == "load":
            return f"{error.filename}, line {error.lineno}: {words(error)}"
    found = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        own, code = frame.f_globals, frame.f_code
        # Not what a dataclass makes for itself: that has no line of the file.
        if str(own.get("__name__")).startswith(_MODULE) and code.co_filename == own.get("__file__"):
            place = f"line {line}" + ("" if code.co_name == "<module>" else f", in {code.co_name}")
            found = f"{code.co_filename}, {place}: {words(error)}"
    return found


def words(error: BaseException) -> str:
    """An error's kind and first line."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    first = text.strip().splitlines()[0][:300] if text.strip() else ""
    return f"{type(error).__name__}{f': {first}' if first else ''}"
