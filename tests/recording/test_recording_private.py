"""What a writer leaves in a folder that others may see, or may write into too."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tuilab.recording import Recording, Writer, temporary


@pytest.fixture(autouse=True)
def nothing_withheld():
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize(("folder", "file"), [(0o700, 0o600), (0o750, 0o640), (0o755, 0o644), (0o777, 0o666)])
def test_a_recording_is_as_private_as_its_folder(tmp_path, folder, file):
    tmp_path.chmod(folder)
    path = tmp_path / "main.tlr"
    writer = Writer.create(path, {})
    assert stat.S_IMODE(path.stat().st_mode) == file
    writer.table(["a"]).append(0, [1.0])
    writer.close()  # writes another file, which takes its place
    assert stat.S_IMODE(path.stat().st_mode) == file


def test_who_asks_for_more_privacy_gets_it(tmp_path):
    tmp_path.chmod(0o755)
    os.umask(0o077)
    writer = Writer.create(tmp_path / "main.tlr", {})
    writer.close()
    assert stat.S_IMODE((tmp_path / "main.tlr").stat().st_mode) == 0o600


def test_a_planted_link_is_not_followed(tmp_path, monkeypatch):
    """Somebody who may write into the folder knows the name that the temporary file will have."""
    precious = tmp_path / "precious"
    precious.write_text("years of work")
    monkeypatch.setattr(temporary.secrets, "token_hex", lambda _: "guessed")
    (tmp_path / ".main.tlr.guessed.tmp").symlink_to(precious)
    with pytest.raises(FileExistsError):
        Writer.create(tmp_path / "main.tlr", {})
    assert precious.read_text() == "years of work"
    (tmp_path / ".main.tlr.guessed.tmp").unlink()
    writer = Writer.create(tmp_path / "main.tlr", {"a": 1})
    writer.table(["a"]).append(0, [1.0])
    (tmp_path / ".main.tlr.guessed.tmp").symlink_to(precious)
    writer.close()  # cannot be compacted, so it is ended as it is
    assert precious.read_text() == "years of work"
    with Recording.open(tmp_path / "main.tlr") as recording:
        assert recording.finished
        assert recording.read("a")[1].tolist() == [1.0]


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from tuilab.recording import Writer
    writer = Writer.create(Path(sys.argv[1]), {})
    writer.table(["a"]).append(0, [1.0])
    os.fsync = lambda fd: os.kill(os.getpid(), signal.SIGKILL) if made(fd) else None
    made = lambda fd: os.readlink(f"/proc/self/fd/{fd}").endswith(".tmp")
    writer.close()
"""


def test_a_writer_killed_while_it_compacts_leaves_the_recording_and_one_temporary_file(tmp_path):
    path = tmp_path / "main.tlr"
    program = "\n".join(line.strip() for line in KILLED.splitlines())
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    left = [file.name for file in tmp_path.glob(".main.tlr.*.tmp")]
    assert len(left) == len(list(tmp_path.iterdir())) - 1 == 1
    with Recording.open(path) as recording:
        assert np.array_equal(recording.read("a")[1], [1.0])
    assert not Path(path).is_symlink()
