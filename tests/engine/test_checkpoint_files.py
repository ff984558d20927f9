"""What lies in a checkpoint's folder: whole, damaged, of something else, or made to do harm."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from tests.data.data_files import short
from tuilab.data import CIFAR10
from tuilab.engine import checkpoints
from tuilab.engine.checkpoints import CheckpointError
from tuilab.engine.devices import surroundings
from tuilab.experiments import Experiment, build
from tuilab.scenario.kinds.descent import DescentScenario
from tuilab.scenario.kinds.training import TrainingScenario

CPU = torch.device("cpu")
ARM = {"network": {"name": "mlp", "width": 4, "depth": 1}, "optimizer": {"name": "adam", "lr": 0.1}}
LBFGS = {**ARM, "optimizer": {"name": "lbfgs", "history": 2}}
MOONS = {"name": "moons", "train": 20, "validation": 10}
repeated = settings(
    deadline=None,
    derandomize=True,
    max_examples=int(os.environ.get("TUILAB_EXAMPLES", "60")),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def training(arms: dict[str, Any] | None = None, data: dict[str, Any] | None = None) -> Experiment:
    base = {"kind": "training", "title": "t", "question": "q", "steps": 9, "probes": {"every": 0}}
    arms = {name: {"batch": 10, **arm} for name, arm in (arms or {"network": ARM, "lbfgs": LBFGS}).items()}
    return build(TrainingScenario.model_validate({**base, "data": data or MOONS, "arms": arms}), CPU)


def walk(**settings: Any) -> Experiment:
    arm = {"optimizer": {"name": "sgd", "lr": 0.1}, "start": [1.0, 2.0]}
    base = {"kind": "descent", "title": "t", "question": "q", "steps": 9, "surface": {"name": "quadratic"}}
    return build(DescentScenario.model_validate({**base, "arms": {"a": arm | settings}}), CPU)


def saved(folder: Path, make: Callable[[], Experiment] = training, steps: tuple[int, ...] = (3, 5)) -> None:
    experiment = make()
    for step in steps:
        while next(experiment).step < step:
            pass
        checkpoints.save(folder, experiment, step, {"file": "main.tlr", "events": step})


def test_an_experiment_comes_back_with_the_facts_it_was_left_with(tmp_path: Path) -> None:
    assert checkpoints.restore(tmp_path, training()) is None
    saved(tmp_path)
    experiment = training()
    found = checkpoints.restore(tmp_path, experiment)
    assert found == checkpoints.Restored(5, {"file": "main.tlr", "events": 5}, [])
    assert next(experiment).step == 6


def test_anybody_can_check_a_checkpoints_sums(tmp_path: Path) -> None:
    saved(tmp_path)
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path / "000000005", check=True)


def test_the_newest_two_checkpoints_are_kept_and_older_ones_further_and_further_apart(tmp_path: Path) -> None:
    saved(tmp_path, steps=(1, 2, 4, 7))
    assert [path.name for path in checkpoints.listing(tmp_path)] == ["000000007", "000000004", "000000001"]


def test_older_checkpoints_are_let_go_of_when_they_take_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "BUDGET", 0)
    saved(tmp_path, steps=(1, 2, 4, 7))
    assert [path.name for path in checkpoints.listing(tmp_path)] == ["000000007", "000000004"]


def test_what_was_half_written_is_swept_away_and_nothing_else(tmp_path: Path) -> None:
    saved(tmp_path)
    for name in (".000000006.4711", ".mine", ".000000006.x", "000000007.bak"):
        (tmp_path / name).mkdir()
    checkpoints.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".000000006.x", ".mine", "000000003", "000000005", "000000007.bak"
    ]  # fmt: skip
    checkpoints.sweep(tmp_path / "none")


def test_the_networks_own_memory_is_written_and_no_copy_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: dict[str, torch.Tensor] = {}
    monkeypatch.setattr(
        checkpoints, "save_file", lambda tensors, path: written.update(tensors) or save_file(tensors, path)
    )
    experiment = training()
    next(experiment)
    checkpoints.save(tmp_path, experiment, 0, {})
    live = experiment.state()["arms"]["network"]["members"][0]["network"]
    assert live
    for name, tensor in live.items():
        assert written[f"arms/network/members/0/network/{name}"].data_ptr() == tensor.data_ptr()


def test_other_threads_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path)
    monkeypatch.setattr(checkpoints, "surroundings", lambda tensors: surroundings(tensors) | {"threads": 7})
    found = checkpoints.restore(tmp_path, training())
    assert found is not None
    (note,) = found.notes
    was = torch.get_num_threads()
    assert note.startswith(
        f"threads: {was} when the checkpoint was made, 7 now; the last digits of what follows"
    )


def test_the_default_pictures_are_those_the_run_began_with_or_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`pictures` is CIFAR-10 once it is there, and the shapes until then."""
    monkeypatch.setenv("TUILAB_DATA", str(tmp_path / "data"))
    pictures = {"name": "pictures", "train": 20, "validation": 10}
    make = lambda: training(data=pictures)  # noqa: E731
    saved(tmp_path / "c", make)
    assert checkpoints.restore(tmp_path / "c", make())
    few = short(CIFAR10, 8)
    monkeypatch.setattr("tuilab.parts.datasets.CIFAR10", few)
    (tmp_path / "data" / few.folder).mkdir(parents=True)
    for name, size in few.sizes.items():
        (tmp_path / "data" / few.folder / name).write_bytes(bytes(size))
    with pytest.raises(
        CheckpointError, match=r"the run began with shapes10 of 30 examples .* here is cifar10 of"
    ):
        checkpoints.restore(tmp_path / "c", make())
    monkeypatch.setenv("TUILAB_DATA", str(tmp_path / "elsewhere"))
    assert checkpoints.restore(tmp_path / "c", make())


def test_a_picture_changed_in_between_is_noticed(tmp_path: Path) -> None:
    saved(tmp_path)
    with pytest.raises(
        CheckpointError, match=r"moons of 30 examples \(\w+\), and here is moons of 30 examples"
    ):
        checkpoints.restore(tmp_path, training(data={**MOONS, "noise": 0.2}))


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        ({"network": ARM, "other": LBFGS}, r"state/arms/other is missing, state/arms/lbfgs is not here"),
        ({"lbfgs": LBFGS}, "state/arms/network is not here"),
        ({"network": ARM | {"members": 2}, "lbfgs": LBFGS}, "state/arms/network/members/1 is missing"),
        ({"network": LBFGS, "lbfgs": LBFGS}, "state/arms/network/members/0/optimizer/memory is missing"),
        ({"network": ARM, "lbfgs": ARM}, "memory is not what Adam remembers|invalid literal"),
    ],
)
def test_a_checkpoint_of_other_arms_says_what_differs(
    tmp_path: Path, arms: dict[str, Any], said: str
) -> None:
    saved(tmp_path)
    with pytest.raises(CheckpointError, match=f"a checkpoint of another experiment: .*({said})"):
        checkpoints.restore(tmp_path, training(arms))


def test_a_checkpoint_of_another_walk_says_what_differs(tmp_path: Path) -> None:
    saved(tmp_path, walk)
    with pytest.raises(CheckpointError, match="state/crowds/a is missing"):
        checkpoints.restore(tmp_path, walk(crowd={"name": "random", "n": 3}))
    with pytest.raises(CheckpointError, match=r"state/walkers/a/memory"):
        checkpoints.restore(tmp_path, walk(optimizer={"name": "damped_newton"}))
    with pytest.raises(CheckpointError, match="began with no data of its own, and here is moons"):
        checkpoints.restore(tmp_path, training())


# -- damage ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("intact")
    saved(folder, walk)
    return folder


@repeated
@given(
    name=st.sampled_from(["state.safetensors", "state.json", "SHA256SUMS"]),
    where=st.floats(0, 1, exclude_max=True),
    how=st.sampled_from(["flip", "cut", "remove", "append", "folder"]),
)
def test_whatever_happens_to_the_newest_the_one_before_it_is_taken(
    intact: Path, tmp_path: Path, name: str, where: float, how: str
) -> None:
    folder = tmp_path / "c"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(intact, folder)
    file = folder / "000000005" / name
    content = bytearray(file.read_bytes())
    at = int(where * len(content))
    file.unlink()
    if how == "folder":
        file.mkdir()
    elif how != "remove":
        content[at] ^= 1
        file.write_bytes(content[:at] if how == "cut" else content + b"x" if how == "append" else content)
    experiment = walk()
    found = checkpoints.restore(folder, experiment)
    assert found is not None
    assert found.step == 3
    (note,) = found.notes
    assert note.startswith(f"{folder / '000000005'}: this checkpoint is damaged (")
    assert note.endswith("), so the one before it was taken")
    assert [o.values for o in experiment] == [o.values for o in walk() if o.step > 3]


def test_what_an_older_tuilab_made_is_one_sentence(tmp_path: Path) -> None:
    place = tmp_path / "000000005"
    place.mkdir()
    (place / "state.json").write_text('{"format": 1}')
    save_file({}, place / "state.safetensors")
    with pytest.raises(CheckpointError, match="a file of it is missing, or an older tuilab made it"):
        checkpoints.restore(tmp_path, training())


# -- harm -----------------------------------------------------------------------------------------------


def forge(place: Path, about: Any, tensors: dict[str, torch.Tensor] | bytes | None = None) -> None:
    """Put something else into a checkpoint, its sums being right."""
    (place / "state.json").write_bytes(about if isinstance(about, bytes) else json.dumps(about).encode())
    if isinstance(tensors, bytes):
        (place / "state.safetensors").write_bytes(tensors)
    elif tensors is not None:
        save_file(tensors, place / "state.safetensors")
    names = ("state.safetensors", "state.json")
    sums = [hashlib.sha256((place / name).read_bytes()).hexdigest() for name in names]
    (place / "SHA256SUMS").write_text("".join(f"{s}  {n}\n" for s, n in zip(sums, names, strict=True)))


NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=9),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3),
    max_leaves=6,
)


def places(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to everything in JSON."""
    found = [path]
    if isinstance(part, dict | list):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            found += places(value, (*path, key))
    return found


def changed(part: Any, path: tuple[Any, ...], value: Any, remove: bool) -> Any:
    """A copy with something else at a path, or nothing."""
    part = json.loads(json.dumps(part))
    if not path:
        return value
    inner = part
    for key in path[:-1]:
        inner = inner[key]
    if remove:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return part


@pytest.mark.parametrize("make", [training, walk])
def test_nonsense_anywhere_in_it_is_one_sentence(make: Callable[[], Experiment], tmp_path: Path) -> None:
    saved(tmp_path / "intact", make)
    about = json.loads((tmp_path / "intact" / "000000005" / "state.json").read_text())
    everywhere = places(about)

    @repeated
    @given(
        path=st.sampled_from(everywhere),
        value=NONSENSE | st.sampled_from(everywhere).map(lambda path: f"tensor:{'/'.join(map(str, path))}"),
        remove=st.booleans(),
    )
    def check(path: tuple[Any, ...], value: Any, remove: bool) -> None:
        folder = tmp_path / "c"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tmp_path / "intact", folder)
        for place in folder.iterdir():
            forge(place, changed(about, path, value, remove))
        experiment = make()
        try:
            found = checkpoints.restore(folder, experiment)
        except CheckpointError as error:
            said = str(error)
        else:
            assert found is not None
            assert isinstance(found.step, int)
            assert all(o.step <= 9 for o in islice(experiment, 12)), "what is taken can be gone on from"
            said = "nothing"
        assert len(said.splitlines()) == 1

    check()


def header(**tensors: Any) -> bytes:
    """A safetensors file of nothing but its header."""
    text = json.dumps(tensors).encode()
    return len(text).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    ("about", "tensors"),
    [
        (b"[" * 200_000, None),
        (b'{"state":' * 50_000 + b"1" + b"}" * 50_000, None),
        (b"\xff\xfe", None),
        (b"", None),
        ({}, None),
        ([], None),
        (b'{"format": ' + b"9" * 5_000 + b"}", None),
        (None, b""),
        (None, b"\xff" * 64),
        (None, header(x={"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]})),
        (None, header(x={"dtype": "F32", "shape": [2**62, 0], "data_offsets": [0, 0]})),
        (None, header(x={"dtype": "F99", "shape": [0], "data_offsets": [0, 0]})),
        (None, {"x": torch.zeros(3)}),
    ],
)
def test_harmful_files_are_one_sentence_and_take_no_memory(
    intact: Path, tmp_path: Path, about: Any, tensors: Any
) -> None:
    place = tmp_path / "000000005"
    shutil.copytree(intact / place.name, place)
    forge(place, json.loads((place / "state.json").read_text()) if about is None else about, tensors)
    with pytest.raises(CheckpointError) as error:
        checkpoints.restore(tmp_path, walk())
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 1_000


def test_what_is_no_file_is_not_waited_for(intact: Path, tmp_path: Path) -> None:
    place = tmp_path / "000000005"
    shutil.copytree(intact / place.name, place)
    (place / "state.json").unlink()
    os.mkfifo(place / "state.json")
    with pytest.raises(CheckpointError, match="this checkpoint is damaged"):
        checkpoints.restore(tmp_path, walk())
    (place / "state.json").unlink()
    with (place / "state.json").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(CheckpointError, match="too large"):
        checkpoints.restore(tmp_path, walk())


def test_a_state_too_large_to_be_read_again_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = walk()
    monkeypatch.setattr(experiment, "state", lambda: {"step": "x" * 2**24})
    with pytest.raises(OSError, match="too large"):
        checkpoints.save(tmp_path, experiment, 0, {})
    assert not list(tmp_path.iterdir())


def test_weights_that_share_memory_and_that_are_strided_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, row = walk(), torch.arange(6.0).view(2, 3)
    monkeypatch.setattr(experiment, "state", lambda: {"all": row, "again": row, "part": row[:, 1]})
    place = checkpoints.save(tmp_path, experiment, 0, {})
    found = load_file(place / "state.safetensors")
    np.testing.assert_array_equal(found["all"], row)
    np.testing.assert_array_equal(found["again"], row)
    np.testing.assert_array_equal(found["part"], [1, 4])
