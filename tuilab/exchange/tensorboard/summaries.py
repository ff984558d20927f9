"""What else TensorBoard's summaries hold: histograms, pictures, settings, texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuilab.exchange.items import Config, Damage, Histogram, Images, Item, Note
from tuilab.exchange.pictures import decoded
from tuilab.exchange.protobuf import (
    BYTES,
    FIXED64,
    VARINT,
    Field,
    content,
    double,
    fields,
    packed,
    signed,
    text,
)
from tuilab.exchange.tensorboard.events import Event, Value

Floats = NDArray[np.float64]


def items_of(data: bytes, event: Event, arm: str, part: int, path: Path) -> Iterator[Item]:
    """The items of a record's values that are no figures.

    Raises:
        ValueError: a value is not what it says it is.
    """
    for value in event.values:
        yield from _items(data, event.step, value, arm, part, path)


def _items(data: bytes, step: int, value: Value, arm: str, part: int, path: Path) -> Iterator[Item]:
    tensor = value.tensor
    if value.histogram is not None:
        edges, counts = _histogram(data, value.histogram)
        yield Histogram(arm, value.tag, step, edges, counts, part)
    elif value.image is not None:
        found = [each for each in fields(data, value.image.start, value.image.stop) if each.number == 4]
        yield _images(arm, value.tag, step, [content(data, each) for each in found], part, path)
    elif value.plugin == "hparams":
        if settings := _hparams(value.plugin_content):
            yield Config(arm, settings)
    elif tensor is not None and tensor.texts and value.plugin == "images":
        yield _images(arm, value.tag, step, list(tensor.texts[2:]), part, path)
    elif tensor is not None and tensor.texts and value.plugin == "text":
        told = "\n".join(each.decode(errors="replace") for each in tensor.texts)
        yield Note(arm, step, "text", {"tag": value.tag.removesuffix("/text_summary"), "text": told})
    elif tensor is not None and value.plugin == "histograms":
        edges, counts = _bars(np.array(tensor.numbers))
        yield Histogram(arm, value.tag, step, edges, counts, part)
    elif value.tag:
        what = f"plugin {value.plugin}" if value.plugin else "another kind of value"
        yield Damage(path, 0, 0, f"{value.tag}: {what} is left out")


def _histogram(data: bytes, message: Field) -> tuple[Floats, Floats]:
    """Edges (k + 1,) and counts (k,) of a HistogramProto; its outermost edges are the extreme values."""
    ends = {1: 0.0, 2: 0.0}
    rows: dict[int, list[float]] = {6: [], 7: []}
    for each in fields(data, message.start, message.stop):
        if each.number in ends:
            ends[each.number] = double(data, each)
        elif each.number in rows and each.type in (BYTES, FIXED64):
            rows[each.number] += packed(data, each, "d")
    limits, counts = np.array(rows[6]), np.array(rows[7])
    if len(limits) != len(counts):
        raise ValueError("a histogram with more edges than buckets")
    edges = np.clip(np.append(ends[1], limits), ends[1], ends[2])
    return np.maximum.accumulate(edges), counts


def _bars(numbers: Floats) -> tuple[Floats, Floats]:
    """The same of a tensor (k, 3) of left edges, right edges and counts."""
    bars = numbers.reshape(-1, 3)
    return np.maximum.accumulate(np.append(bars[:1, 0], bars[:, 1])), bars[:, 2].copy()


def _images(arm: str, tag: str, step: int, encoded: list[bytes], part: int, path: Path) -> Item:
    pixels = decoded(encoded)
    if isinstance(pixels, str):
        return Damage(path, 0, 0, f"{tag}: {pixels}")
    return Images(arm, tag, step, pixels, part)


def _hparams(message: bytes) -> dict[str, Any]:
    """The settings of a session: HParamsPluginData 3, whose field 1 is a map to google.protobuf.Value."""
    found: dict[str, Any] = {}
    for session in fields(message):
        if session.number != 3 or session.type != BYTES:
            continue
        for entry in fields(message, session.start, session.stop):
            if entry.number == 1 and entry.type == BYTES:
                pair = {each.number: each for each in fields(message, entry.start, entry.stop)}
                if 1 in pair and 2 in pair:
                    found[text(message, pair[1])] = _value(message, pair[2])
    return found


def _value(message: bytes, field: Field) -> Any:
    for each in fields(message, field.start, field.stop):
        if each.number == 2 and each.type == FIXED64:
            return double(message, each)
        if each.number == 3 and each.type == BYTES:
            return text(message, each)
        if each.number == 4 and each.type == VARINT:
            return bool(signed(message, each))
    return None
