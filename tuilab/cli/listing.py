"""`tuilab list`."""

from __future__ import annotations

from itertools import groupby

from tuilab.cli.output import AsJson, heading, print_json, say, say_lines


def list_scenarios(as_json: AsJson = False) -> None:
    """The scenarios by chapter, with their questions."""
    from tuilab.scenario.catalogue import entries

    found = entries()
    if as_json:
        keys = ("name", "title", "question", "chapter", "kind", "lecture", "origin", "error")
        print_json(
            [{key: getattr(entry, key) for key in keys} | {"path": str(entry.path)} for entry in found]
        )
        return
    broad = max((len(entry.name) for entry in found if not entry.error), default=0)
    for chapter, chapter_entries in groupby(
        (entry for entry in found if not entry.error), lambda entry: entry.chapter
    ):
        say(heading(chapter))
        for entry in chapter_entries:
            say(f"  {entry.name:<{broad}}  {entry.question}")
        say()
    for entry in found:
        if entry.error:
            say_lines(entry.error, error=True)
    say("tuilab run NAME runs one; tuilab describe NAME tells more; tuilab alone opens the lab.")
