"""Stretches of a table's column: by summaries where there are any, by rows where an edge cuts them."""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from tuilab.recording.block import GROUP, Groups, Values, groups_in, summary_dtype
from tuilab.recording.format import BLOCK, HEAD_SIZE, SUMMARY, Ints
from tuilab.recording.overview import Digest, digest
from tuilab.recording.series import TableReader
from tuilab.recording.steps import distinct
from tuilab.recording.summary import Summary, column_dtype, covered_size

FEW = 1024
"""Rows a span up to which all are read: cutting one group costs as much as reading so many rows."""

UNKNOWN = 0
"""In place of a running checksum: the block's column has to be checked as a whole."""


def digests(table: TableReader, column: int, edges: Ints) -> list[Digest]:
    """What lies in the spans between `edges` (k + 1,)."""
    found: list[Digest] = []
    run: list[int] = []
    summed: list[int] = []
    parts: list[Groups] = []
    span = table.pieces.span(int(edges[0]), int(edges[-1]))
    if sum(table.pieces.rows[span.start : span.stop]) <= FEW * len(edges):
        return [digest(*table.rows(span, column), edges)]
    piece = span.start
    while piece < span.stop:
        taken, groups = _summed_up(table, piece, column)
        if groups is not None:
            summed += taken
            parts.append(groups)
        elif table.pieces.kind[piece] != BLOCK:
            run.append(piece)
        if run and (groups is not None or taken.stop >= span.stop):  # rows of a run lie side by side
            found.append(digest(*table.rows(run, column), edges))
            run = []
        piece = taken.stop
    if parts:
        joined = Groups(*(np.concatenate(field) for field in zip(*parts, strict=True)))
        found += _of_groups(table, column, edges, joined, summed)
    return found


def _of_groups(
    table: TableReader, column: int, edges: Ints, groups: Groups, summed: Sequence[int]
) -> list[Digest]:
    """Groups that lie in one span by their summaries, those that an edge cuts by their rows."""
    after = np.searchsorted(groups.last, edges)  # the first group that ends at or after each edge
    there = after < len(groups.last)
    cut = distinct(after[there][groups.first[after[there]] < edges[there]])
    inside = np.zeros(len(groups.last), np.bool_)
    inside[after[0] : after[-1]] = True
    inside[cut] = False
    found = [Digest(*(field[inside] for field in groups[1:6]))]
    steps, values = _rows_of(table, column, groups.running, cut, summed)
    if steps:
        # Rows of one span but of two groups do not lie side by side, and so are no stretch.
        finer = np.sort(np.concatenate([edges, np.clip(groups.first[cut], edges[0], edges[-1])]))
        found.append(digest(np.concatenate(steps), np.concatenate(values), finer))
    return found


def _rows_of(
    table: TableReader, column: int, running: Ints, chosen: Ints, summed: Sequence[int]
) -> tuple[list[Ints], list[Values]]:
    """The steps and values of each of some groups, those that are damaged left out.

    Args:
        table: whose they are.
        column: which column's.
        running: the checksums of all groups of the column.
        chosen: which groups.
        summed: the chunks that all the groups are of.
    """
    pieces, dtype = table.pieces, table.definition.dtype
    counts = groups_in(np.array(pieces.rows)[summed])
    ends = np.cumsum(counts)
    places = np.searchsorted(ends, chosen, "right")
    starts = (chosen - (ends - counts)[places]) * GROUP
    before = np.where(starts == 0, 0, running[chosen - 1])
    steps: list[Ints] = []
    values: list[Values] = []
    todo = zip(places.tolist(), starts.tolist(), before.tolist(), running[chosen].tolist(), strict=True)
    for place, start, began, ended in todo:
        piece = summed[place]
        rows, stride = pieces.rows[piece], pieces.stride[piece]
        many = min(GROUP, rows - start)
        # The checksum of a block's first group begins with the column's own summaries.
        ahead = 0 if start or ended == UNKNOWN else table.region_size(rows) - rows * dtype.itemsize
        offset = table.values_at(piece, column) + start * dtype.itemsize - ahead
        data = table.file.exact(offset, ahead + many * dtype.itemsize)
        if data is None or (ended != UNKNOWN and zlib.crc32(data, began) != ended):
            table.file.gap(offset, ahead + many * dtype.itemsize, "its checksum is wrong")
            continue
        if ended == UNKNOWN and not table.is_sound(piece, column):
            continue
        if stride:
            own = np.arange(many) * stride + (pieces.first[piece] + start * stride)
        elif (every := table.steps(piece)) is not None:
            own = every[start : start + many]
        else:
            continue
        steps.append(own)
        values.append(np.frombuffer(data, dtype, many, ahead))
    return steps, values


def _summed_up(table: TableReader, piece: int, column: int) -> tuple[range, Groups | None]:
    """The groups of a column from this chunk on, and the chunks that these are of."""
    first = table.pieces.first[piece]
    place = bisect_right(table.summaries, first, key=lambda summary: summary.first) - 1
    if place >= 0 and piece in (summed := _pieces(table, table.summaries[place])):
        groups = _read(table, table.summaries[place], column)
        if groups is not None:
            return summed, groups
    own = _of_block(table, piece, column) if table.pieces.kind[piece] == BLOCK else None
    return range(piece, piece + 1), own


def _pieces(table: TableReader, summary: Summary) -> range:
    """The chunks that a summary is of, none when they are not all there."""
    if summary.pieces is None:
        pieces = table.pieces
        span = pieces.span(summary.first, summary.last + 1)
        fits = (
            bool(span)
            and (pieces.first[span[0]], pieces.last[span[-1]]) == (summary.first, summary.last)
            and sum(groups_in(rows) for rows in pieces.rows[span.start : span.stop]) == summary.groups
        )
        summary.pieces = span if fits else range(0)
    return summary.pieces


def _read(table: TableReader, summary: Summary, column: int) -> Groups | None:
    """A column of a summary, None when it is damaged."""
    file, groups, columns = table.file, summary.groups, len(table.definition.names)
    layout = column_dtype(table.definition.dtype, groups)
    size = covered_size(groups, columns)
    offset = summary.offset + HEAD_SIZE + size + column * layout.itemsize
    if summary.steps is not None and file.trusted(offset):
        data = file.exact(offset, layout.itemsize)
    else:
        head = file.covered(summary.offset, size, SUMMARY, table.id, groups, summary.first)
        if head is None or file.trusted(offset) is False:
            return None
        if summary.steps is None:
            first, last = np.frombuffer(head, "<i8", 2 * groups).astype(np.int64).reshape(2, groups)
            ends = (int(first[0]), int(last[-1])) == (summary.first, summary.last)
            if not ends or not ((first <= last).all() and (first[1:] > last[:-1]).all()):
                file.gap(summary.offset, HEAD_SIZE + size, "its steps do not increase")
                return None
            summary.steps = first, last
        at = 16 * groups + 4 * column
        data = file.checked(offset, layout.itemsize, int.from_bytes(head[at : at + 4], "little"))
    if data is None:
        return None
    low, high, final, nonfinite, running = np.frombuffer(data, layout)[0]
    return Groups(*summary.steps, low, high, final, nonfinite.astype(np.int64), running.astype(np.int64))


def _of_block(table: TableReader, piece: int, column: int) -> Groups | None:
    """The groups of a block by its own summaries, None when it is damaged."""
    region, steps = table.region(piece, column), table.steps(piece)
    if region is None or steps is None:
        return None
    layout = summary_dtype(table.definition.dtype, len(steps))
    data = table.file.exact(region, layout.itemsize)
    if data is None:
        return None
    low, high, final, nonfinite = np.frombuffer(data, layout)[0]
    first = steps[::GROUP].copy()  # a view would keep all the steps
    last = steps[np.minimum(np.arange(GROUP, len(steps) + GROUP, GROUP), len(steps)) - 1]
    running = np.full(len(first), UNKNOWN)
    return Groups(first, last, low, high, final, nonfinite.astype(np.int64), running)
