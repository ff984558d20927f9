"""Reading CIFAR's binary layouts, and what is said of files that don't keep to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.data_files import short
from tuilab.data import CIFAR10, CIFAR100, DataError, read_cifar
from tuilab.data.cifar import Layout

RECORDS = 7


SHORT10, SHORT100 = short(CIFAR10, RECORDS), short(CIFAR100, RECORDS)
RECORD = CIFAR10.record


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / CIFAR10.folder
    place.mkdir()
    for number, name in enumerate(CIFAR10.sizes):
        rows = np.zeros((RECORDS, RECORD), np.uint8)
        rows[:, 0] = np.arange(RECORDS)
        rows[:, 1 : 1 + 1024] = 10 * number  # red
        rows[:, 1 + 2048 + 32 * 2 + 5] = 200  # blue, row 2, column 5
        rows.tofile(place / name)
    return place


def test_the_official_files_have_the_official_sizes() -> None:
    assert (CIFAR10.record, CIFAR100.record) == (3_073, 3_074)
    assert set(CIFAR10.sizes.values()) == {30_730_000}
    assert CIFAR100.sizes == {"train.bin": 153_700_000, "test.bin": 30_740_000}
    assert [len(set(names)) for names in CIFAR100.labels] == [20, 100]


def test_records_become_pictures_and_classes(place: Path) -> None:
    pictures, labels = read_cifar(SHORT10, "train", place)
    assert pictures.shape == (5 * RECORDS, 3, 32, 32)
    np.testing.assert_array_equal(labels[:, 0], np.tile(np.arange(RECORDS), 5))
    np.testing.assert_array_equal(pictures[:, 0, 9, 9], np.repeat([0, 10, 20, 30, 40], RECORDS))
    assert (pictures[:, 2, 2, 5] == 200).all()
    assert (pictures[:, 1] == 0).all()
    assert read_cifar(SHORT10, "test", place)[0][0, 0, 0, 0] == 50


@pytest.mark.parametrize("layout", [CIFAR10, CIFAR100])
def test_without_the_data_one_sentence_says_what_to_do(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUILAB_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError) as caught:
        read_cifar(layout)
    said = str(caught.value)
    assert str(tmp_path / "nowhere") in said
    assert f"tuilab data fetch {layout.name}" in said
    assert "data.name=shapes10" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda content: content[:-5], f"ends at offset {RECORDS * RECORD - 5:,}"),
        (lambda content: content + b"x", f"goes on after offset {RECORDS * RECORD:,}"),
        (lambda content: b"", "ends at offset 0"),
        (
            lambda content: content[: 3 * RECORD] + b"\x4d" + content[3 * RECORD + 1 :],
            f"damaged at offset {3 * RECORD:,}, in record 3: its class is 77, classes are 0 to 9",
        ),
    ],
)
def test_a_damaged_file_is_named_with_its_offset(place: Path, damage, said: str) -> None:
    path = place / "data_batch_3.bin"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=said) as caught:
        read_cifar(SHORT10, "train", place)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(place: Path) -> None:
    (place / "data_batch_4.bin").unlink()
    with pytest.raises(DataError, match=r"data_batch_4\.bin: not there"):
        read_cifar(SHORT10, "train", place)


def test_cifar100s_superclass_comes_before_the_class(tmp_path: Path) -> None:
    rows = np.zeros((RECORDS, CIFAR100.record), np.uint8)
    rows[:, 0], rows[:, 1], rows[:, 2] = 19, 99, 5
    rows.tofile(tmp_path / "train.bin")
    pictures, labels = read_cifar(SHORT100, "train", tmp_path)
    assert labels.tolist() == [[19, 99]] * RECORDS
    assert pictures[0, 0, 0, 0] == 5
    for column, wrong, names in [(0, 20, 19), (1, 100, 99)]:
        damaged = rows.copy()
        damaged[2, column] = wrong
        damaged.tofile(tmp_path / "train.bin")
        offset = f"{2 * CIFAR100.record + column:,}"
        with pytest.raises(
            DataError, match=f"offset {offset}, in record 2: .* {wrong}, classes are 0 to {names}"
        ):
            read_cifar(SHORT100, "train", tmp_path)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_what_was_written_is_read_and_damage_is_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    layout = short(data.draw(st.sampled_from([CIFAR10, CIFAR100])), data.draw(st.integers(1, 4)))
    place = tmp_path_factory.mktemp("cifar")
    rng = np.random.default_rng(data.draw(st.integers(0, 1_000)))
    written = []
    for name, records in layout.files["train"].items():
        rows = rng.integers(0, 256, (records, layout.record), np.uint8)
        for column, names in enumerate(layout.labels):
            rows[:, column] %= len(names)
        rows.tofile(place / name)
        written.append(rows)
    pictures, labels = read_cifar(layout, "train", place)
    np.testing.assert_array_equal(
        np.hstack([labels, pictures.reshape(len(labels), -1)]), np.concatenate(written)
    )

    path = place / data.draw(st.sampled_from(list(layout.files["train"])))
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
        with pytest.raises(DataError, match=path.name):
            read_cifar(layout, "train", place)
    else:
        place_of_flip = data.draw(st.integers(0, len(content) - 1))
        content[place_of_flip] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        column = place_of_flip % layout.record
        good = column >= len(layout.labels) or content[place_of_flip] < len(layout.labels[column])
        if good:
            read_cifar(layout, "train", place)
        else:
            with pytest.raises(DataError, match=f"{path.name}: damaged at offset {place_of_flip:,},"):
                read_cifar(layout, "train", place)
