"""Text as a terminal may show it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tuilab.printable import cells, printable, printable_lines

TEXT = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\x9b\x7f\u202e\u200b\u00ad\t\n\r日é é")))


@pytest.mark.parametrize(
    ("text", "one_cell_each", "lines"),
    [
        ("plain", "plain", "plain"),
        ("a\x1b[31mb\x9b2J\x07", "a?[31mb?2J?", "a?[31mb?2J?"),
        ("\u202egnp.exe\u2066", "gnp.exe", "gnp.exe"),
        ("one\ntwo\r\n\tthree", "one?two?? three", "one\ntwo?\n three"),
        ("日本 é", "?? é", "日本 é"),
        ("e\u0301", "é", "e\u0301"),
        ("a\u00a0b\u2028c", "a b?c", "a b?c"),
        ("\udc80", "?", "?"),
    ],
)
def test_examples(text: str, one_cell_each: str, lines: str) -> None:
    assert (printable(text), printable_lines(text)) == (one_cell_each, lines)


@given(TEXT)
def test_nothing_commands_a_terminal(text: str) -> None:
    for made in (printable(text), printable_lines(text).replace("\n", "")):
        assert made.isprintable()
        made.encode()


@given(TEXT)
def test_what_is_printable_stays_and_nothing_changes_twice(text: str) -> None:
    for make in (printable, printable_lines):
        assert make(make(text)) == make(text)
    if text.isprintable():
        assert printable_lines(text) == text


@given(st.text(st.characters(codec="latin-1")) | st.sampled_from(["日本", "e\u0301", "한국", "🙂!"]))
def test_cells_are_counted_as_terminals_do(text: str) -> None:
    assert len(printable(text)) == cells(printable(text))
    assert cells(printable_lines(text).replace("\n", "")) == cell_len(printable_lines(text).replace("\n", ""))
