"""An engine as a process of its own: `python -m tuilab.engine RUN_FOLDER [resume]`."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from tuilab.runs import Run, RunError


def main() -> int:
    """Conduct the run; what goes wrong is the log's last line."""
    from tuilab.engine import EngineError, conduct

    try:
        conduct(Run(Path(sys.argv[1])), resume="resume" in sys.argv[2:])
    except (EngineError, RunError) as error:
        if error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        print(error, flush=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
