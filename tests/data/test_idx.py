"""MNIST-format folders: what was written is read, and damage is one sentence with the offset."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.data_files import IMAGES, LABELS, idx, write_idx
from tuilab.data import DataError, read_idx


@pytest.fixture
def place(tmp_path: Path) -> Path:
    pictures = np.arange(12 * 4 * 5, dtype=np.uint8).reshape(12, 4, 5)
    return write_idx(tmp_path / "mine", pictures, np.arange(12, dtype=np.uint8) % 3)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_what_was_written_is_read_and_damage_is_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    count, rows, columns, classes = (
        data.draw(st.integers(*ends)) for ends in ((2, 30), (1, 9), (1, 9), (2, 9))
    )
    classes = min(classes, count)
    rng = np.random.default_rng(data.draw(st.integers(0, 1_000)))
    pictures = rng.integers(0, 256, (count, rows, columns), np.uint8)
    labels = rng.permutation(np.arange(count) % classes).astype(np.uint8)
    packed = data.draw(st.booleans())
    place = write_idx(tmp_path_factory.mktemp("idx"), pictures, labels, packed)
    found = read_idx(place)
    np.testing.assert_array_equal(found.pictures, pictures)
    np.testing.assert_array_equal(found.labels, labels)
    assert found.classes == tuple(str(k) for k in range(classes))

    path = data.draw(st.sampled_from(found.files))
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        path.write_bytes(content[:at])
        with pytest.raises(DataError, match=path.name):
            read_idx(place)
        return
    content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    said = f"nothing of {place}"
    try:
        read_idx(place)  # a flipped pixel, another class: nobody can tell
    except DataError as error:
        said = str(error)
    assert str(place) in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        (IMAGES, lambda c: c[:-3], r"ends at offset 253 where 256 bytes belong \(12 pictures of 4 × 5"),
        (IMAGES, lambda c: c + b"x", "goes on after offset 256"),
        (IMAGES, lambda c: c[:9], "ends at offset 9, within its header of 16 bytes"),
        (IMAGES, lambda c: b"", "ends at offset 0, within its header"),
        (
            IMAGES,
            lambda c: b"\x89PNG" + c[4:],
            "wrong magic number at offset 0, 89 50 4e 47 where 00 00 08 03",
        ),
        (IMAGES, lambda c: c[:8] + bytes(4) + c[12:], "damaged at offset 8: dimension 2 has size 0"),
        (IMAGES, lambda c: c[:4] + b"\xff" * 12, "ends at offset 16 where"),
        (IMAGES, lambda c: gzip.compress(c)[:-9], r"compressed data are damaged after offset \d+"),
        (IMAGES, lambda c: gzip.compress(c[:4] + b"\xff" * 12), r"ends at offset at most [\d,]+ where"),
        (
            LABELS,
            lambda c: idx(np.arange(11, dtype=np.uint8) % 3),
            r"11 labels \(offset 4\), but .* 12 pictures",
        ),
        (
            LABELS,
            lambda c: c[:10] + b"\x4d" + c[11:],
            "highest label is 77, at offset 10: a class is missing, or",
        ),
        (LABELS, lambda c: idx(np.zeros(12, np.uint8)), "all 12 labels are 0"),
        (LABELS, lambda c: idx(2 * (np.arange(12, dtype=np.uint8) % 2)), "no example of class 1 among 12"),
    ],
)
def test_a_damaged_file_is_named_with_its_offset(place: Path, name: str, damage, said: str) -> None:
    path = place / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=said) as caught:
        read_idx(place)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_names_of_classes_say_which_labels_there_may_be(place: Path) -> None:
    (place / "classes.txt").write_text("red\ngreen\n\nblue\n")
    assert read_idx(place).classes == ("red", "green", "blue")
    (place / "classes.txt").write_text("red\ngreen\n")
    with pytest.raises(DataError, match=r"label out of range at offset 10: 2, while .*names 0 to 1"):
        read_idx(place)
    (place / "classes.txt").write_text("red\ngreen\nblue\nmauve")
    with pytest.raises(DataError, match="no example of class mauve"):
        read_idx(place)
    for bad in (b"", b"red\nred\nblue", b"red\n\xff\nblue", b"red\ngr\x1been\nblue"):
        (place / "classes.txt").write_bytes(bad)
        with pytest.raises(DataError, match=r"classes\.txt"):
            read_idx(place)


def test_emnist_counts_from_1_and_lies_on_its_side(tmp_path: Path) -> None:
    pictures = np.arange(12 * 4 * 5, dtype=np.uint8).reshape(12, 4, 5)
    write_idx(
        tmp_path, pictures, np.arange(12, dtype=np.uint8) % 3 + 1, packed=True, prefix="emnist-letters-"
    )
    found = read_idx(tmp_path)
    np.testing.assert_array_equal(found.pictures, pictures.transpose(0, 2, 1))
    assert found.classes == ("1", "2", "3")
    assert found.labels.tolist() == [0, 1, 2] * 4
    (tmp_path / "classes.txt").write_text("a\nb\nc")
    assert read_idx(tmp_path).classes == ("a", "b", "c")


def test_several_sets_or_none_are_a_sentence(place: Path) -> None:
    write_idx(place, np.zeros((2, 4, 5), np.uint8), np.arange(2, dtype=np.uint8), prefix="emnist-digits-")
    with pytest.raises(DataError, match=r"several sets, .*emnist-digits-train.*a folder of its own"):
        read_idx(place)
    for path in place.iterdir():
        path.unlink()
    with pytest.raises(DataError, match="holds no train-images-idx3-ubyte, gzipped or not"):
        read_idx(place)


def test_a_link_out_of_the_data_folder_is_refused(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUILAB_DATA", str(place.parent / "data"))
    linked = place.parent / "data" / "linked"
    linked.mkdir(parents=True)
    for name in (IMAGES, LABELS):
        (linked / name).symlink_to(place / name)
    with pytest.raises(DataError, match="leads out of the data folder"):
        read_idx(linked)


@pytest.mark.parametrize("name", [IMAGES, LABELS, "classes.txt"])
def test_a_pipe_or_a_device_is_refused(place: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUILAB_DATA", "/")
    (place / name).unlink(missing_ok=True)
    os.mkfifo(place / name)
    with pytest.raises(DataError, match=f"{name}: is no file but a folder, a pipe or a device"):
        read_idx(place)
    (place / name).unlink()
    (place / name).symlink_to("/dev/zero")
    with pytest.raises(DataError, match=f"{name}: is no file"):
        read_idx(place)


def test_what_does_not_fit_into_memory_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("", (), {"available": 300})())
    with pytest.raises(DataError, match=r"12 pictures of 4 × 5 × 1 are 0\.0 GB"):
        read_idx(place)
