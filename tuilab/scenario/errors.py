"""What can be wrong with a scenario, said so that a person can mend it."""

from __future__ import annotations

from pathlib import Path


class ScenarioError(Exception):
    """A scenario that can't be used: one sentence a problem, all problems at once."""

    def __init__(self, source: str | Path, problems: list[str]) -> None:
        self.source = str(source)
        self.problems = problems
        super().__init__("\n".join(f"{self.source}: {problem}" for problem in problems))

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[str, list[str]]]:
        """So that it can come out of a process of a pool."""
        return ScenarioError, (self.source, self.problems)


def shortened(text: str, most: int = 60) -> str:
    """Text of at most `most` characters, with an ellipsis where it was longer."""
    return text if len(text) <= most else text[: most - 1] + "…"
