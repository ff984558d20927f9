"""`tuilab watch-script`: the program is what it is when Python runs it, and is watched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.watching.conftest import newest, told
from tuilab.runs import State, listing

TUILAB = Path(sys.executable).parent / "tuilab"

TRAINS = """
import helper, sys, torch
from torch import nn
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
other = nn.Linear(3, 1)
optimizers = [torch.optim.Adam(m.parameters(), lr=0.01) for m in (net, other)]
for step in range(8):
    for model, optimizer in zip((net, other), optimizers):
        optimizer.zero_grad()
        loss = (model(torch.ones(5, 3)) - 1).square().mean()
        loss.backward()
        optimizer.step()
print(helper.WHO, sys.argv[1:], repr(float(loss.detach())))
"""

LOOKS = """
import __main__, atexit, os, pickle, signal, sys
class Mine: pass
print(__name__, __file__, sys.argv, __main__.Mine is Mine, "torch" in sys.modules, __doc__)
print(os.path.samefile(sys.path[0], os.path.dirname(__file__)), os.getcwd() in sys.path, sys.flags.safe_path)
print(signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT) is signal.default_int_handler)
print(pickle.loads(pickle.dumps(Mine())).__class__ is Mine, sys.stdout.errors, sys.stderr.errors)
atexit.register(lambda: print(Mine.__name__, sys.modules["__main__"] is __main__))
sys.stdout.flush()
"""


def run(command: list[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120, check=False)


def both(script: Path, *arguments: str) -> list[subprocess.CompletedProcess[str]]:
    """By Python, and watched; from another folder than the program's."""
    folder = script.parent / "elsewhere"
    folder.mkdir(exist_ok=True)
    return [run([*by, script, *arguments], folder) for by in ([sys.executable], [TUILAB, "watch-script"])]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "helper.py").write_text("WHO = 'beside the program'")
    return folder / "train.py"


def test_a_program_trains_the_same_and_both_its_networks_are_seen(program: Path, runs: Path) -> None:
    program.write_text(TRAINS)
    plain, watched = both(program, "--lr", "3", "--help")
    assert (watched.returncode, watched.stdout, watched.stderr) == (0, plain.stdout, plain.stderr)
    assert "beside the program ['--lr', '3', '--help']" in plain.stdout
    found = told(newest(runs))
    assert newest(runs).source == "train"
    assert found.header["arms"] == ["net", "other"]
    assert found.last_step == 7
    losses = found.series["other/loss"]
    assert len(losses) == 7
    assert losses[7] == float(plain.stdout.split()[-1])
    assert found.layers("activation.std") == ["0", "1", "2", "Linear"]


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("", 0),
        ("sys.exit(7)", 7),
        ("raise ValueError('no')", 1),
        ("def f(): return 1 / 0\nf()", 1),
        ("this is no Python", 1),
        ("os.kill(os.getpid(), signal.SIGTERM)", -15),
        ("os.kill(os.getpid(), signal.SIGINT)", -2),
    ],
)
def test_a_program_sees_what_python_shows_it_and_ends_as_it_would(program: Path, end: str, code: int) -> None:
    program.write_text(f'"""Says what it sees."""{LOOKS}{end}\n')
    plain, watched = both(program, "a")
    assert plain.returncode == watched.returncode == code
    assert watched.stdout == plain.stdout
    if end != "this is no Python":
        assert watched.stderr == plain.stderr
        assert "False Says what it sees." in plain.stdout


def test_a_program_that_watches_itself_is_watched_once(program: Path, runs: Path) -> None:
    program.write_text(
        TRAINS.replace("for step", "import tuilab\nw = tuilab.watch(net, name='own')\nfor step", 1)
    )
    _, watched = both(program)
    assert (watched.returncode, watched.stderr) == (0, "")
    assert sorted(run.source for run in listing(runs)) == ["own", "own"]


def test_another_training_of_the_same_program_is_another_run(program: Path, runs: Path) -> None:
    folds = TRAINS.replace("net =", "for fold in range(2):\nnet =").splitlines()
    start = next(k for k, line in enumerate(folds) if "for fold" in line)
    program.write_text("\n".join([*folds[: start + 1], *(f"  {line}" for line in folds[start + 1 :])]))
    _, watched = both(program)
    assert (watched.returncode, watched.stderr) == (0, "")
    assert [run.state() for run in listing(runs)] == [State.FINISHED] * 2


def test_losses_are_heard_before_they_are_scaled(program: Path, runs: Path) -> None:
    program.write_text(
        TRAINS.replace("loss.backward()", "scaler.scale(loss).backward()")
        .replace("optimizer.step()", "scaler.step(optimizer); scaler.update()")
        .replace("for step", "scaler = torch.amp.GradScaler('cpu')\nfor step", 1)
    )
    plain, _ = both(program)
    assert told(newest(runs)).series["other/loss"][7] == float(plain.stdout.split()[-1])


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    done = run([TUILAB, "watch-script", "nowhere.py"], tmp_path)
    assert (done.returncode, done.stderr) == (2, "nowhere.py: No such file or directory\n")
