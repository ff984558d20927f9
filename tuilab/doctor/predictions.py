"""What was predicted of a run, and what the scenario says is right."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from tuilab.recording import Readable
from tuilab.scenario.expect import Prediction


@dataclass(frozen=True, slots=True)
class Reveal:
    """A question with its answer, and what the user had said."""

    ask: str
    said: str | None
    """The choice taken; None where none was."""
    answer: str
    because: str

    @property
    def right(self) -> bool:
        """Whether what was said is the answer."""
        return self.said == self.answer


def reveals(recording: Readable) -> list[Reveal]:
    """Every question of the recorded scenario with its answer, in the file's order."""
    scenario = recording.header.get("scenario", {})
    raw = scenario.get("predict", []) if isinstance(scenario, dict) else []
    said = recording.header.get("predicted", [])
    found = []
    for place, item in enumerate(raw if isinstance(raw, list) else []):
        try:
            asked = Prediction.model_validate(item)
        except ValidationError:
            continue
        choice = said[place] if isinstance(said, list) and place < len(said) else None
        taken = (
            asked.choices[choice] if isinstance(choice, int) and 0 <= choice < len(asked.choices) else None
        )
        found.append(Reveal(asked.ask, taken, asked.choices[asked.answer], asked.because))
    return found
