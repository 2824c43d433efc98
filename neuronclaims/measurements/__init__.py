"""Measurements of a model, as plain data: one file per sort.

Kinds of claim ask with these, runs answer them. Nothing here knows of a claim, a file or a model library. A measurement
from another package is a frozen dataclass of the shape of ``measurement.Measurement``.
"""

from typing import TYPE_CHECKING

from neuronclaims.lazy import attach

if TYPE_CHECKING:
    from neuronclaims.measurements.activations import Activations, Generation, TokenRule
    from neuronclaims.measurements.attention.attention import Attention
    from neuronclaims.measurements.changing.ablations import Ablation, AblationSweep
    from neuronclaims.measurements.changing.attributions import Attribution, PairAttribution
    from neuronclaims.measurements.changing.needs import Pair
    from neuronclaims.measurements.changing.outcomes.by_norm import ByNorm
    from neuronclaims.measurements.changing.outcomes.readings import Divergence, Entropy, Loss, Prediction
    from neuronclaims.measurements.changing.outcomes.written import ChangedContinuations
    from neuronclaims.measurements.changing.restorations import Restoration, RestorationSweep
    from neuronclaims.measurements.continuations import Continuations
    from neuronclaims.measurements.documents.labels import LabelCounts
    from neuronclaims.measurements.documents.layer_aurocs import LayerAurocs
    from neuronclaims.measurements.documents.positions import PositionCorrelations
    from neuronclaims.measurements.documents.readout import Readout
    from neuronclaims.measurements.facts import ModelFacts
    from neuronclaims.measurements.measurement import Measurement, Need
    from neuronclaims.measurements.output_weights import Congruence, Vocabulary
    from neuronclaims.measurements.token_values import TokenValues
    from neuronclaims.sites import Site
    from neuronclaims.tokens.spans import ChangedTokens, Span

__getattr__, __dir__ = attach(__name__)

__all__ = [
    "Ablation",
    "AblationSweep",
    "Activations",
    "Attention",
    "Attribution",
    "ByNorm",
    "ChangedContinuations",
    "ChangedTokens",
    "Congruence",
    "Continuations",
    "Divergence",
    "Entropy",
    "Generation",
    "LabelCounts",
    "LayerAurocs",
    "Loss",
    "Measurement",
    "ModelFacts",
    "Need",
    "Pair",
    "PairAttribution",
    "PositionCorrelations",
    "Prediction",
    "Readout",
    "Restoration",
    "RestorationSweep",
    "Site",
    "Span",
    "TokenRule",
    "TokenValues",
    "Vocabulary",
]
