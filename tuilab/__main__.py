"""`python -m tuilab` is the `tuilab` command."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # `-m` has put the working folder first, where a file of the user's may be called queue.py.
    del sys.path[0]

from tuilab.cli import main

if __name__ == "__main__":
    main()
