"""What a finding can be of: its number, which never changes, how bad and how sure it is, when it is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """How bad it is."""

    INFO = 1
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding.

    Attributes:
        id: `TL` and three digits, never given to another kind.
        name: as findings are called.
        severity: how bad it is.
        certainty: `proof` where the figures leave no other reading, `measured` where one lies beyond a
            derived or cited bound, `heuristic` where experience says so.
        means: what it says, in a sentence.
        threshold: what is compared with what, and where that comes from.
        false_alarms: when it is known to be wrong.
    """

    id: str
    name: str
    severity: Severity
    certainty: str
    means: str
    threshold: str
    false_alarms: str

    @property
    def slug(self) -> str:
        """The name as one word: `dead-units`."""
        return self.name.replace(" ", "-")


KINDS = (
    Kind(
        "TL001",
        "divergence",
        Severity.ERROR,
        "proof",
        "A loss, or another figure, became NaN or infinite.",
        "any value that is not finite",
        "A figure that the program logs as NaN on purpose, such as an accuracy that was not measured.",
    ),
    Kind(
        "TL002",
        "leak",
        Severity.ERROR,
        "proof",
        "The preprocessing's statistics come from held-out examples too.",
        "which split they were computed on, as the scenario says",
        "None known.",
    ),
    Kind(
        "TL003",
        "wrong statistics at test time",
        Severity.ERROR,
        "measured",
        "Tested in another mode, or with other inputs, the same network is worse.",
        "5 points of accuracy; Ioffe & Szegedy, ICML 2015, section 3.1",
        "Test sets so small that 5 points are a few examples.",
    ),
    Kind(
        "TL004",
        "overfitting",
        Severity.WARNING,
        "measured",
        "The held-out loss has turned while the training loss falls on.",
        "10 % above its best, and no new best in the last rows; Prechelt, 1998, uses 5 to 20 %",
        "A loss that grows by ever surer mistakes while the accuracy still rises.",
    ),
    Kind(
        "TL005",
        "underfitting",
        Severity.WARNING,
        "measured",
        "After the whole run the training loss has hardly fallen, and the held-out loss is no higher.",
        "half of the first loss",
        "Losses with a floor above half of the first one, such as those of noisy labels.",
    ),
    Kind(
        "TL006",
        "vanishing activations",
        Severity.WARNING,
        "measured",
        "The outputs' spread fades from layer to layer.",
        "below 1 ÷ 1.2 a layer and 1 ÷ 4 in all; Glorot & Bengio, AISTATS 2010, section 4.2",
        "Networks that mean to contract, such as an autoencoder's first half.",
    ),
    Kind(
        "TL007",
        "exploding activations",
        Severity.WARNING,
        "measured",
        "The outputs' spread grows from layer to layer.",
        "above 1.2 a layer and 4 in all; Glorot & Bengio, AISTATS 2010, section 4.2",
        "Residual streams, which grow by their blocks' number and are normalised at their end.",
    ),
    Kind(
        "TL008",
        "vanishing gradients",
        Severity.WARNING,
        "measured",
        "The gradient's norm fades on its way back.",
        "below 1 ÷ 1.2 a layer and 1 ÷ 4 in all (of watched programs 1 ÷ 1000, as AUTOTRAINER has it); "
        "Hochreiter, 1991",
        "Layers that hold ever fewer values.",
    ),
    Kind(
        "TL009",
        "exploding gradients",
        Severity.WARNING,
        "measured",
        "The gradient's norm grows on its way back.",
        "above 1.2 a layer and 4 in all (of watched programs 70, as AUTOTRAINER has it); Pascanu et al., "
        "ICML 2013",
        "Layers that hold ever more values.",
    ),
    Kind(
        "TL010",
        "saturation",
        Severity.WARNING,
        "measured",
        "Bounded activations sit where they are flat.",
        "a quarter of a layer's outputs beyond ±.99 for tanh; unit Gaussian inputs have .8 % there",
        "Gates that are meant to be open or shut.",
    ),
    Kind(
        "TL011",
        "weights outside the optimiser",
        Severity.ERROR,
        "measured",
        "A layer has a gradient and never moves: the optimiser does not hold its weights.",
        "an update of exactly 0 at every look, of weights that require gradients and that the loss reaches",
        "Layers whose learning rate a schedule keeps at 0 on purpose.",
    ),
    Kind(
        "TL012",
        "dead units",
        Severity.WARNING,
        "measured",
        "Rectifiers are zero for every example and get no gradient to come back by.",
        "a tenth of a layer's units; of watched programs, of which a batch is seen, half, as SageMaker "
        "Debugger has it; Lu et al., 2019",
        "Of a batch alone, units that fire for rare examples.",
    ),
    Kind(
        "TL013",
        "weights that hardly move",
        Severity.WARNING,
        "measured",
        "Every layer's updates are tiny beside its weights, and the loss does not fall.",
        "update ÷ weights below 1e-5 in all layers, a hundredth of the customary 1e-3 (DeepDiagnosis, "
        "ICSE 2022), and less than 10 % off the loss",
        "Fine-tuning of what is finished already.",
    ),
    Kind(
        "TL014",
        "gradient clipped away",
        Severity.ERROR,
        "measured",
        "Clipping leaves next to nothing of the gradient, step after step.",
        "less than a thousandth left at more than half of the steps",
        "Optimisers that take the gradient's sign alone, or divide its size out, as Adam does.",
    ),
    Kind(
        "TL015",
        "no gradient",
        Severity.ERROR,
        "proof",
        "Layers that are to learn get no gradient at all, while others do.",
        "a gradient of exactly 0, or none, at every look",
        "Parts of a network that this loss is not meant to train.",
    ),
    Kind(
        "TL016",
        "constant output",
        Severity.ERROR,
        "measured",
        "The last layer says the same whatever it is given: a softmax over one unit, rectifiers all shut.",
        "a standard deviation of its outputs below 1e-6 at every look after the first",
        "Networks whose output over a batch is one number.",
    ),
    Kind(
        "TL017",
        "learning rate too high",
        Severity.WARNING,
        "heuristic",
        "The loss leapt far above where it began and did not come back.",
        "ten times the first loss at its highest, and above the first loss at its end",
        "Losses that begin near 0 by a lucky start.",
    ),
    Kind(
        "TL018",
        "softmax twice",
        Severity.ERROR,
        "heuristic",
        "Probabilities are given to a loss that takes their softmax again, which can't fall below a floor.",
        "a last layer that is a softmax over C classes, a first loss within 5 % of ln C, and none below "
        "ln(e + C − 1) − 1, the least that a softmax of probabilities allows",
        "A proper loss on probabilities that has hardly begun to learn.",
    ),
    Kind(
        "TL019",
        "frozen weights",
        Severity.WARNING,
        "heuristic",
        "Layers do not require gradients, and the rest has not learned much without them.",
        "the loss above half of where it began",
        "Fine-tuning with a loss that has a high floor.",
    ),
    Kind(
        "TL020",
        "weights shrink away",
        Severity.ERROR,
        "measured",
        "Weight decay outweighs the gradient: all weights go to nothing.",
        "a tenth of their first norm, in every layer",
        "Networks that begin with weights far too large.",
    ),
    Kind(
        "TL021",
        "inputs not scaled",
        Severity.WARNING,
        "measured",
        "The first layer's outputs are far too wide before anything was learned.",
        "a standard deviation above 10, which under torch's own weights means inputs of 17 and more",
        "A first layer that was drawn with large weights on purpose.",
    ),
    Kind(
        "TL022",
        "no progress",
        Severity.WARNING,
        "measured",
        "The loss stays where it began, and nothing else found here says why.",
        "the mean of its last tenth within a tenth of where it began",
        "Runs that go on from a finished network; losses that are not meant to fall.",
    ),
)
"""In the order of their numbers."""

_BY_NAME = {kind.name: kind for kind in KINDS}


def kind_of(name: str) -> Kind:
    """The kind of findings of a name; KeyError where there is none."""
    return _BY_NAME[name]


def find(text: str) -> Kind | None:
    """A kind by its id or its name, however it is written."""
    wanted = text.strip().lower().replace("-", " ").replace("_", " ")
    return next((kind for kind in KINDS if wanted in (kind.id.lower(), kind.name)), None)
