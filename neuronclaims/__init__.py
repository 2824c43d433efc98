"""Findings about neurons in language models, written as one sentence and tested by pytest.

Public names load when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuronclaims.lazy import attach

__version__ = "0.1.0"

if TYPE_CHECKING:
    from neuronclaims.discovery.discoveries import Discoveries as Discoveries
    from neuronclaims.discovery.search import discover as discover
    from neuronclaims.errors import NeuronClaimsError as NeuronClaimsError
    from neuronclaims.graders.registry import grader as grader
    from neuronclaims.models.bringing.handed import LoadedModel as LoadedModel
    from neuronclaims.models.bringing.handed import ModuleModel as ModuleModel
    from neuronclaims.models.options import RunOptions as RunOptions
    from neuronclaims.provenance import fingerprint as fingerprint
    from neuronclaims.results import Result as Result
    from neuronclaims.scripting.judge import Allow as Allow
    from neuronclaims.scripting.judge import judge as judge
    from neuronclaims.scripting.judge import read_claims as read_claims
    from neuronclaims.scripting.judgements import Judgement as Judgement
    from neuronclaims.scripting.judgements import Judgements as Judgements
    from neuronclaims.scripting.plan import PlannedRun as PlannedRun
    from neuronclaims.scripting.plan import plan as plan
    from neuronclaims.study import Study as Study

__getattr__, __dir__ = attach(__name__)
