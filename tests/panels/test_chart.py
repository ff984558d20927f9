import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuilab.panels.axes import Ticks
from tuilab.panels.chart import Frame, Ink, chart
from tuilab.panels.columns import Strokes
from tuilab.panels.view import PIXELS

NO_TICKS = Ticks([], [])
BRAILLE = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]


def lit(width, height, strokes):
    """The pixels that strokes cover, row 0 at the top."""
    pixels = np.zeros((height, width), bool)
    for column, low, high in strokes:
        pixels[height - 1 - high : height - low, column] = True
    return pixels


def braille(pixels):
    """The same as braille text: the oracle."""
    rows = []
    for y in range(0, pixels.shape[0], 4):
        cells = []
        for x in range(0, pixels.shape[1], 2):
            bits = sum(BRAILLE[dy][dx] for dy in range(4) for dx in range(2) if pixels[y + dy, x + dx])
            cells.append(chr(0x2800 + bits) if bits else " ")
        rows.append("".join(cells).rstrip())
    return "\n".join(rows)


@st.composite
def drawn(draw):
    width, height = draw(st.integers(1, 14)), draw(st.integers(1, 4))
    columns = sorted(draw(st.sets(st.integers(0, 2 * width - 1), min_size=1)))
    ends = [sorted(draw(st.tuples(*[st.integers(0, 4 * height - 1)] * 2))) for _ in columns]
    return width, height, [(column, low, high) for column, (low, high) in zip(columns, ends, strict=True)]


def drawn_of(*lines):
    """What draws some lines, each a colour and its strokes."""
    columns, low, high = np.array([stroke for _, items in lines for stroke in items], np.int64).T
    owners = np.repeat(np.arange(len(lines)), [len(items) for _, items in lines])
    return [(Strokes(owners, columns, low, high), Ink([color for color, _ in lines], list("o" * len(lines))))]


@settings(max_examples=60, deadline=None)
@given(drawn())
def test_every_stroke_lights_exactly_its_pixels(case):
    width, height, items = case
    picture = chart(Frame(width, height, None, "braille"), drawn_of((33, items)), NO_TICKS, NO_TICKS, "")
    assert picture.text() == braille(lit(2 * width, 4 * height, items))
    assert (picture.fg[picture.chars != " "] == 33).all()
    assert (picture.fg[picture.chars == " "] == -1).all()


def test_flat_runs_and_their_neighbours_join_up():
    items = [(0, 2, 2), (1, 2, 2), (2, 2, 2), (3, 2, 5), (4, 5, 5), (6, 5, 5), (7, 5, 5)]
    picture = chart(Frame(4, 2, None, "braille"), drawn_of((33, items)), NO_TICKS, NO_TICKS, "")
    assert picture.text() == braille(lit(8, 8, items))


def test_series_keep_their_colours_and_share_cells():
    drawn = drawn_of((33, [(0, 0, 3)]), (208, [(1, 0, 3), (2, 0, 3)]))
    picture = chart(Frame(2, 1, None, "braille"), drawn, NO_TICKS, NO_TICKS, "")
    assert picture.text() == "⣿⡇"
    assert picture.fg.tolist() == [[208, 208]]


@pytest.mark.parametrize("glyphs", ["braille", "block", "ascii"])
def test_axes_and_labels(glyphs):
    frame = Frame.fit(40, 10, glyphs)
    across, up = PIXELS[glyphs]
    assert frame.pixels == (33 * across, 8 * up)
    x, y = Ticks([0.0, 0.5, 1.0], ["0", "50", "100"]), Ticks([0.0, 1.0], ["0.0", "1.5"])
    picture = chart(frame, drawn_of((33, [(0, 0, 0), (1, 1, 1)])), x, y, "step")
    lines = picture.text().split("\n")
    corner, tick, bar = ("+", "+", "-") if glyphs == "ascii" else ("└", "┤", "─")
    assert lines[0].startswith(f"   1.5{tick}")
    assert lines[7].startswith(f"   0.0{tick}")
    assert lines[8].startswith(f"      {corner}")
    assert bar * 5 in lines[8]
    assert lines[9].split() == ["step", "0", "50", "100"]
    assert picture.chars.shape == (10, 40)
    assert glyphs != "ascii" or picture.text().isascii()


def test_a_pixel_lies_in_the_cell_it_is_drawn_in():
    frame = Frame.fit(40, 10, "braille")
    ticks = Ticks([0.0, 1.0], ["0", "1"])
    for column, row in [(0, 0), (65, 31), (17, 9), (40, 30)]:
        picture = chart(frame, drawn_of((33, [(column, row, row)])), ticks, ticks, "")
        y, x = frame.cell(column, row)
        assert 0x2800 < ord(picture.chars[y, x]) < 0x2900
        assert picture.fg[y, x] == 33


def test_nothing_of_the_previous_chart_remains():
    frame = Frame.fit(40, 10, "braille")
    ticks = Ticks([0.0, 1.0], ["0", "1"])
    first = chart(frame, [], ticks, ticks, "")
    chart(frame, drawn_of((33, [(3, 0, 20)])), Ticks([0.5], ["other"]), Ticks([0.3], ["labels"]), "else")
    assert chart(frame, [], ticks, ticks, "").same(first)


def test_charts_from_many_threads_do_not_mix():
    frame = Frame(6, 3, None, "braille")
    cases = [[(column, 0, row)] for column in range(12) for row in range(12)]
    with ThreadPoolExecutor(8) as pool:
        texts = list(
            pool.map(lambda case: chart(frame, drawn_of((33, case)), NO_TICKS, NO_TICKS, "").text(), cases)
        )
    assert texts == [braille(lit(12, 12, case)) for case in cases]


def test_drawing_prints_nothing(capfd):
    ticks = Ticks([0.0, 1.0], ["0", "1"])
    for width, height in [(1, 1), (2, 1), (20, 5), (21, 5), (58, 17)]:
        chart(Frame.fit(width, height, "braille"), drawn_of((33, [(0, 0, 0)])), ticks, ticks, "step")
    assert capfd.readouterr() == ("", "")


def test_non_finite_values_never_reach_plotext(tmp_path):
    """One NaN in a plotext line aborts the process, so a process of its own is risked."""
    script = f"""
import numpy as np
from pathlib import Path
from tuilab.recording import Recording, Writer
from tuilab.panels import View, panels_of
path = Path({str(tmp_path / "run.tlr")!r})
kinds = [{{"type": "curves", "series": ["*/loss"], "scale": scale}} for scale in ("linear", "log")]
kinds += [{{"type": "layers", "metric": "std", "scale": scale}} for scale in ("linear", "log")]
kinds += [{{"type": "landscape"}}, {{"type": "histograms"}}, {{"type": "values", "series": ["*"]}}]
writer = Writer.create(path, {{"arms": ["a"], "panels": kinds}})
table = writer.table(["a/loss", "a/std/1", "a/std/2", "a/x", "a/y"])
bad = [np.nan, np.inf, -np.inf, 1.0, 0.0, -1.0, 1e308, -1e308, 5e-324]
for step in range(300):
    table.append(step, [bad[step % 9], bad[step % 8], bad[step % 7], bad[step % 5], bad[step % 4]])
for step in (0, 9):
    array = np.array(bad[step:] + bad[:step]).reshape(3, 3)
    writer.frame("landscape", step, array, {{"x": [-1, 1], "y": [-1, 1], "minima": [[np.nan, 0]]}})
    writer.frame("a/activation.histogram", step, array, {{"low": [np.nan] * 3, "high": [np.inf] * 3}})
writer.close()
recording = Recording.open(path)
for panel in panels_of(recording.header):
    for step in (0, 1, 2, 3, 50, 299):
        for glyphs in ("braille", "block", "ascii"):
            picture = panel.draw(recording, View(step, glyphs=glyphs), 40, 12)
            assert picture.chars.shape == (12, 40)
        assert panel.describe(recording, View(step))
print("alive")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
