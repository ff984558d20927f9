"""Folders of pictures: read once, kept as bytes, and every way in which they can be wrong."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tuilab.data import DataError, folder, read_images

RED, BLUE = (250, 10, 20), (20, 10, 250)


def save(path: Path, pixels: np.ndarray, **settings: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **settings)


def plain(color: tuple[int, int, int], height: int = 8, width: int = 8) -> np.ndarray:
    return np.broadcast_to(np.array(color, np.uint8), (height, width, 3)).copy()


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUILAB_DATA", str(tmp_path))
    mine = tmp_path / "mine"
    save(mine / "red" / "b.png", plain(RED))
    save(mine / "red" / "a.jpg", plain(RED, 40, 64), quality=95)
    save(mine / "blue" / "1.PNG", plain(BLUE, 30, 9))
    (mine / "blue" / "notes.txt").write_text("not a picture")
    (mine / "blue" / ".hidden.png").write_text("not a picture")
    (mine / ".thumbnails").mkdir()
    (mine / "read.me").write_text("")
    return mine


def kept() -> list[Path]:
    return sorted((folder() / ".cache").iterdir())


def test_classes_are_the_folders_and_pictures_come_in_one_size(mine: Path) -> None:
    found = read_images(mine, 8)
    assert found.classes == ("blue", "red")
    assert found.labels.tolist() == [0, 1, 1]
    assert found.pictures.shape == (3, 8, 8, 3)
    for picture, color in zip(found.pictures, (BLUE, RED, RED), strict=True):
        assert np.abs(picture.astype(int) - color).max() < 6


def test_the_middle_square_is_kept_upright(mine: Path) -> None:
    wide = plain(BLUE, 16, 48)
    wide[:, 16:32] = RED
    wide[:8, 16:32] = (0, 250, 0)
    turned = Image.Exif()
    turned[0x0112] = 3  # upside down
    save(mine / "red" / "c.png", wide)
    save(mine / "red" / "d.png", wide, exif=turned)
    *_, middle, upside_down = read_images(mine, 16).pictures
    np.testing.assert_array_equal(middle, wide[:, 16:32])
    np.testing.assert_array_equal(upside_down, middle[::-1, ::-1])


def test_odd_pixels_become_bytes(mine: Path) -> None:
    deep = np.full((8, 8), 0x7F00, np.uint16)
    save(mine / "red" / "c.png", deep)
    clear = np.dstack([plain(RED), np.zeros((8, 8), np.uint8)])
    save(mine / "red" / "d.png", clear)
    Image.fromarray(plain(RED)).quantize(4).save(mine / "red" / "e.gif", transparency=0)
    *_, c, _d, e = read_images(mine, 8).pictures
    assert (c == 0x7F).all()
    assert np.abs(e.astype(int) - RED).max() < 6
    grey = read_images(mine, 8, grey=True).pictures
    assert grey.shape == (6, 8, 8, 1)
    assert abs(int(grey[0, 0, 0, 0]) - (0.299 * 20 + 0.587 * 10 + 0.114 * 250)) < 2


def test_the_second_start_reads_one_file(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read_images(mine, 8)
    assert [path.suffix for path in kept()] == [".npy"]
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "PIL", None)  # Pillow is not even needed
        second = read_images(mine, 8)
    np.testing.assert_array_equal(first.pictures, second.pictures)
    np.testing.assert_array_equal(first.labels, second.labels)


def test_changed_pictures_are_read_anew_and_other_sizes_kept(mine: Path) -> None:
    read_images(mine, 8)
    read_images(mine, 16)
    before = kept()
    assert len(before) == 2
    save(mine / "red" / "b.png", plain(BLUE))
    os.utime(mine / "red" / "b.png", ns=(1, 1))
    assert read_images(mine, 8).pictures[2, 0, 0].tolist() == list(BLUE)
    assert len(kept()) == 2
    assert len(set(kept()) & set(before)) == 1


@pytest.mark.parametrize("damage", [lambda c: c[:-1], lambda c: b"", lambda c: b"x" * 99, lambda c: c[:60]])
def test_a_damaged_cache_is_made_again(mine: Path, damage) -> None:
    good = read_images(mine, 8).pictures
    [cache] = kept()
    whole = cache.read_bytes()
    cache.write_bytes(damage(whole))
    np.testing.assert_array_equal(read_images(mine, 8).pictures, good)
    assert cache.read_bytes() == whole


def test_a_cache_of_objects_is_not_unpickled(mine: Path) -> None:
    good = read_images(mine, 8).pictures
    [cache] = kept()
    np.save(cache, np.array([print, 1], object), allow_pickle=True)
    np.testing.assert_array_equal(read_images(mine, 8).pictures, good)


def test_a_data_folder_that_cannot_be_written_does_without(mine: Path) -> None:
    (mine.parent / ".cache").write_text("in the way")
    assert len(read_images(mine, 8).pictures) == 3


def test_an_unreadable_picture_is_named(mine: Path) -> None:
    path = mine / "red" / "b.png"
    content = path.read_bytes()
    for bad in (b"", b"not a picture", content[:40], content[: len(content) // 2]):
        path.write_bytes(bad)
        with pytest.raises(DataError, match=r"red/b\.png: can't be read as a picture \("):
            read_images(mine, 8)
    assert not (folder() / ".cache").exists()


def test_an_empty_class_is_named(mine: Path) -> None:
    (mine / "green").mkdir()
    with pytest.raises(DataError, match=r"mine/green: an empty class"):
        read_images(mine, 8)


def test_a_folder_without_classes_says_what_it_holds(mine: Path) -> None:
    with pytest.raises(
        DataError, match=r"mine/red: wants a folder .* at least two classes, and holds nothing"
    ):
        read_images(mine / "red", 8)
    for path in (mine / "red").iterdir():
        path.unlink()
    (mine / "red").rmdir()
    with pytest.raises(DataError, match="holds only blue"):
        read_images(mine, 8)


def test_what_does_not_fit_into_memory_names_the_setting(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("", (), {"available": 4_000_000})())
    with pytest.raises(
        DataError, match=r"3 pictures of 900 × 900 × 3 are 0\.0 GB, .* smaller data\.size than 900"
    ):
        read_images(mine, 900)


def test_without_pillow_a_sentence_says_how_to_get_it(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(DataError, match=r"pip install 'tuilab\[images\]'"):
        read_images(mine, 8)


@pytest.mark.parametrize("what", ["class", "picture"])
def test_links_that_lead_out_are_refused_and_others_followed(
    mine: Path, tmp_path_factory: pytest.TempPathFactory, what: str
) -> None:
    (mine / "blue" / "2.png").symlink_to(mine / "blue" / "1.PNG")
    assert len(read_images(mine, 8).pictures) == 4
    away = tmp_path_factory.mktemp("away")
    save(away / "x.png", plain(RED))
    if what == "class":
        (mine / "green").symlink_to(away)
    else:
        (mine / "red" / "x.png").symlink_to(away / "x.png")
    with pytest.raises(DataError, match="leads out of the data folder"):
        read_images(mine, 8)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_damaged_pictures_are_a_sentence_or_are_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    place = tmp_path_factory.mktemp("damaged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUILAB_DATA", str(place))
        ending = data.draw(st.sampled_from(["png", "jpg", "bmp", "gif", "webp", "tif", "ppm"]))
        path = place / "mine" / "red" / f"1.{ending}"
        pixels = np.random.default_rng(0).integers(0, 256, (9, 11, 3), np.uint8)
        save(path, pixels)
        save(place / "mine" / "blue" / "1.png", plain(BLUE))
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
        said = f"nothing of {path}"
        try:
            assert read_images(place / "mine", 8).pictures.shape == (2, 8, 8, 3)
        except DataError as error:
            said = str(error)
        assert str(path) in said
        assert "\n" not in said


def test_a_small_file_that_claims_many_pixels_is_refused(mine: Path) -> None:
    save(mine / "red" / "bomb.png", np.zeros((5_001, 5_001), np.uint8))
    with pytest.raises(DataError, match=r"bomb\.png: .* claims 5,001 × 5,001 pixels; at most 25 million are"):
        read_images(mine, 8)


def test_a_large_picture_is_read_as_a_small_one_is(mine: Path) -> None:
    save(mine / "red" / "large.png", plain(RED, 2_100, 2_000))
    assert (read_images(mine, 8).pictures[3] == RED).all()


def test_a_cache_that_claims_more_than_it_holds_is_made_again(mine: Path) -> None:
    before = read_images(mine, 8).pictures
    (cache,) = kept()
    content = cache.read_bytes()
    header = content[: content.index(b"\n")]
    claimed = header.replace(b"(3, 8, 8, 3), }" + b" " * 12, b"(3000000000000, 8, 8, 3), }")
    assert claimed != header
    cache.write_bytes(claimed + content[len(header) :])
    np.testing.assert_array_equal(read_images(mine, 8).pictures, before)
