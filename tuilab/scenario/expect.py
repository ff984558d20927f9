"""What a scenario promises (`[[expect]]`) and asks beforehand (`[[predict]]`)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tuilab.scenario.strict import Strict

Sigmas = Annotated[str, Field(pattern=r"^[1-9](\.\d+)? sigma$")]


class Expectation(Strict):
    """One checkable promise about one arm.

    Either about a `metric` (of a `layer`, at a `step`) or about the step at which an `event` first happened.
    The figure lies `between` two numbers; or `within` a relative tolerance of `near` (a list of `near` values
    speaks of layers 1, 2, …); or `below`/`above` the same figure of another arm, `by` some factor if that is
    said; or it is `never` there.

    Of an arm with several draws that is said of their mean, unless the claim is one of statistics: the mean
    is `within` so many sigmas of `near`, sigma being the draws' own; at least a `share_of_draws` keeps the
    claim, each by itself; the arms' draws would lie so by chance with a probability of `p_below` at most.
    `over = "seeds"`: a draw is a whole run, and `tuilab check --seeds` makes them.
    """

    arm: str
    metric: str | None = None
    event: str | None = None
    layer: Annotated[int, Field(ge=1)] | Literal["all", "last"] | None = None
    step: Annotated[int, Field(ge=0)] | Literal["last", "max", "min"] = Field(
        default="last", description="when; max and min speak of the largest and smallest figure of the run"
    )
    between: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    near: float | Annotated[list[float], Field(min_length=1)] | None = None
    within: Annotated[float, Field(gt=0, lt=1)] | Sigmas | None = Field(
        default=None, description='tolerance of `near`: a share of it, or as "4 sigma" of the draws\' mean'
    )
    below: str | None = Field(default=None, description="an arm whose figure is larger")
    above: str | None = Field(default=None, description="an arm whose figure is smaller")
    by: float | None = Field(default=None, gt=0, description="the factor between the two arms, at least")
    never: bool = False
    share_of_draws: float | None = Field(
        default=None, gt=0, le=1, description="of the draws keep the claim, at least, each by itself"
    )
    p_below: float | None = Field(
        default=None,
        gt=0,
        lt=0.5,
        description="chance of what was seen in arms that do not differ: sign test",
    )
    over: Literal["draws", "seeds"] = Field(
        default="draws", description="what a draw is: a network of the arm, or a run of its own seed"
    )
    because: str = ""

    @model_validator(mode="after")
    def _one_subject_one_claim(self) -> Expectation:
        if (self.metric is None) == (self.event is None):
            raise ValueError("name either a metric or an event")
        claims = [c for c in ("between", "near", "below", "above") if getattr(self, c) is not None]
        if len(claims) + self.never != 1:
            raise ValueError("make exactly one claim: between, near (with within), below, above or never")
        if (self.near is None) != (self.within is None):
            raise ValueError("near and within go together: near = 0.5, within = 0.03")
        if self.by is not None and self.below is None and self.above is None:
            raise ValueError('by goes with below or above: above = "sgd", by = 2.0')
        if self.between is not None and self.between[0] > self.between[1]:
            raise ValueError("between wants the smaller number first")
        if isinstance(self.near, list) and self.layer is not None:
            raise ValueError("a list of near values speaks of layers 1, 2, …; leave layer out")
        if self.event is not None and (
            self.layer is not None or self.step != "last" or isinstance(self.near, list)
        ):
            raise ValueError("an event has no layer, no step to ask at and no list of values")
        return self

    @model_validator(mode="after")
    def _statistics_fit_the_claim(self) -> Expectation:
        asked = [k for k in ("share_of_draws", "p_below") if getattr(self, k) is not None]
        if len(asked) + (self.sigmas is not None) > 1:
            raise ValueError('ask one thing of the draws: within = "4 sigma", share_of_draws or p_below')
        if self.p_below is not None and self.below is None and self.above is None:
            raise ValueError("p_below compares two arms: give below or above")
        if self.never and (asked or self.over == "seeds"):
            raise ValueError("never is said of every draw: leave share_of_draws, p_below and over out")
        if self.event is not None and self.over == "draws" and (asked or self.sigmas is not None):
            raise ValueError('an event happens once a run: statistics of it want over = "seeds"')
        return self

    @property
    def sigmas(self) -> float | None:
        """How many sigmas of the draws' mean `within` allows; None if it is a share or not there."""
        return float(self.within.split()[0]) if isinstance(self.within, str) else None

    @property
    def statistical(self) -> bool:
        """Whether it can only be judged from several draws."""
        return self.over == "seeds" or any(
            found is not None for found in (self.sigmas, self.share_of_draws, self.p_below)
        )


class Prediction(Strict):
    """A question to think about before the run answers it."""

    ask: str = Field(min_length=1, max_length=300)
    choices: list[Annotated[str, Field(min_length=1, max_length=120)]] = Field(min_length=2, max_length=6)
    answer: int = Field(ge=0, description="which choice is right, counted from 0")
    because: str = Field(default="", max_length=600, description="what the run shows")

    @model_validator(mode="after")
    def _answer_is_a_choice(self) -> Prediction:
        if self.answer >= len(self.choices):
            raise ValueError(f"answer {self.answer} is none of the choices, 0 to {len(self.choices) - 1}")
        return self
