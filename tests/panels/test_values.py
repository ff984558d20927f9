import math

from tuilab.panels import View, panels_of


def values(*globs):
    [panel] = panels_of({"panels": [{"type": "values", "title": "now", "series": list(globs)}]})
    return panel


SERIES = {
    "a/loss": ([0, 5], [1.0, 0.12345]),
    "b/loss": ([0, 5], [2.0, math.nan]),
    "b/x": ([0], [-math.inf]),
    "engine/images_per_second": ([0], [1234.5]),
}


def test_a_row_an_arm_and_a_column_a_metric(record):
    lines = values("*").draw(record(SERIES), View(5), 58, 8).text().split("\n")
    assert [line.split() for line in lines[:5]] == [
        ["now"],
        ["loss", "x", "images_per_second"],
        ["●", "a", "0.123"],
        ["■", "b", "NaN", "-Inf"],
        ["•", "engine", "1230"],
    ]
    ends = {
        line.rindex(word) + len(word) for line, word in zip(lines[1:4], ("loss", "0.123", "NaN"), strict=True)
    }
    assert len(ends) == 1


def test_the_moment_decides_and_the_description_says_the_same(record):
    recording = record(SERIES)
    assert values("*/loss").describe(recording, View(4)) == "now at step 4: a 1.00, b 2.00."
    assert "b x -Inf" in values("*").describe(recording, View(5))


def test_what_does_not_fit_is_counted(record):
    recording = record({f"{arm}/metric{k}": ([0], [1.0]) for arm in "ab" for k in range(9)})
    head = values("*").draw(recording, View(0), 40, 3).text().split("\n")[0]
    assert "6 more columns" in head
    assert head.endswith("1 more row")


def test_no_series_is_said(record):
    assert (
        "no series matches */loss"
        in values("*/loss").draw(record({"a/x": ([0], [1.0])}), View(0), 40, 4).text()
    )


def test_the_last_layer_of_arms_of_any_depth(record):
    series = {f"a/std/{layer}": ([0], [layer / 10]) for layer in (1, 2, 10)}
    recording = record({**series, "b/std/1": ([0], [7.0]), "b/loss": ([0], [1.0])})
    panel = values("*/std/last", "*/loss")
    lines = panel.draw(recording, View(0), 58, 8).text().split("\n")
    assert [line.split() for line in lines[1:4]] == [
        ["std/last", "loss"],
        ["●", "a", "1.00"],
        ["■", "b", "7.00", "1.00"],
    ]
    assert (
        panel.describe(recording, View(0)) == "now at step 0: a std/last 1.00, b loss 1.00, b std/last 7.00."
    )
    assert values("*/std/last").describe(recording, View(0)) == "now at step 0: a 1.00, b 7.00."


def test_a_metric_and_its_prediction_are_told_apart_where_names_are_cut(record):
    series = {f"a/jacobian.spread{end}": ([0], [1.0]) for end in ("", ".predicted")}
    lines = values("*").draw(record(series), View(0), 30, 4).text().split("\n")
    assert lines[1].split() == ["jacob…pread", "jacobi…icted"]
