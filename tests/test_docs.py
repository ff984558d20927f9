"""The pages' links lead somewhere, and every chapter's page names its scenarios."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from tuilab.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CHAPTERS = sorted(folder for folder in (ROOT / "scenarios").iterdir() if folder.is_dir())
NAMES = {path.stem for path in (ROOT / "scenarios").rglob("*.toml")}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _text(page: Path) -> str:
    """The page without its blocks of code, in which brackets are no links."""
    return re.sub("```.*?```", "", page.read_text(), flags=re.DOTALL)


def _spans(page: Path) -> list[str]:
    """What stands between backticks."""
    return re.findall("`([^`\n]+)`", _text(page))


def _anchors(page: Path) -> set[str]:
    """The page's headings as GitHub links to them."""
    headings = re.findall("^#+ (.*)$", _text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", _text(page)):
        if re.match(r"\w+:", link):
            continue
        target, _, anchor = link.partition("#")
        there = (page.parent / target) if target else page
        assert there.exists(), f"{link} leads nowhere"
        assert there.resolve().is_relative_to(ROOT), f"{link} leads out"
        if anchor and there.suffix == ".md":
            assert anchor in _anchors(there), f"{link}: there is no such heading"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=_name)
def test_every_chapter_has_a_page_that_names_its_scenarios(chapter: Path) -> None:
    page = ROOT / "docs" / "chapters" / f"{chapter.name}.md"
    named = {word for span in _spans(page) for word in span.split()}
    assert {path.stem for path in chapter.glob("*.toml")} - named == set()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_scenario_that_a_page_runs_exists(page: Path) -> None:
    commands = re.findall(r"tuilab (?:run|check|describe) ([a-z0-9-]+)", _text(page))
    assert {name for name in commands if not name.startswith("-")} - NAMES - {"bowl", "mine", "race"} == set()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_and_option_that_a_page_types_exists(page: Path) -> None:
    typed = set(re.findall("^    tuilab ([a-z]+)", page.read_text(), re.MULTILINE))
    assert typed <= set(get_command(app).commands)  # type: ignore[attr-defined]
    for line in re.findall(r"tuilab [^`#\n|]*", page.read_text()):
        command, words = get_command(app), line.split()[1:]
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        command = getattr(command, "commands", {}).get("part", command)  # `show adam` is `show part adam`
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in words if re.fullmatch("--?[a-z][a-z-]*", word)} <= known, line


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_source_file_that_a_page_names_exists(page: Path) -> None:
    sources = [span for span in _spans(page) if re.fullmatch(r"\w+/[\w/]+\.py", span)]
    assert [span for span in sources if not any((r / span).exists() for r in (ROOT, ROOT / "tuilab"))] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "chapters").glob("*.md")), ids=_name)
def test_every_scenario_in_a_chapters_table_exists(page: Path) -> None:
    cells = re.findall(r"^\| \d+\.\d[^|]*\|([^|]*)\|", _text(page), re.MULTILINE)
    named = {span.removeprefix("tuilab run ") for cell in cells for span in re.findall("`([^`]+)`", cell)}
    assert named - NAMES - {"tuilab show gpn"} == set()
