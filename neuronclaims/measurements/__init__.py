"""What can be asked of a model, as plain data.

Kinds of claim ask with these, runs answer them. Nothing here knows of a claim, a file or a model library.
"""

from neuronclaims.measurements.requests import (
    Ablation,
    AblationSweep,
    Activations,
    Congruence,
    Continuations,
    Generation,
    Measurement,
    ModelFacts,
    Pair,
    Pool,
    Prediction,
    Readout,
    Replacement,
    Restoration,
    RestorationSweep,
    Span,
    TokenRule,
    Vocabulary,
    Which,
)
from neuronclaims.sites import Site

__all__ = [
    "Ablation",
    "AblationSweep",
    "Activations",
    "Congruence",
    "Continuations",
    "Generation",
    "Measurement",
    "ModelFacts",
    "Pair",
    "Pool",
    "Prediction",
    "Readout",
    "Replacement",
    "Restoration",
    "RestorationSweep",
    "Site",
    "Span",
    "TokenRule",
    "Vocabulary",
    "Which",
]
