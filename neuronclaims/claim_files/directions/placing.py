"""Give claims about directions that are fitted the site at which these are read, once the claim's own is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from neuronclaims.claim_files.claims import Settings
from neuronclaims.claim_files.directions.direction import Direction, PlacedDirection
from neuronclaims.sentences.parser import Parsed


def placed(parsed: Parsed, settings: Settings, directions: Mapping[str, Direction]) -> tuple[Any, Settings]:
    """Return the sentence and the settings of a claim whose subject may be a direction that is fitted.

    The direction is fitted at the claim's site and by its tokens, so the site of its numbers follows from these.
    """
    fitted = {
        name: PlacedDirection(direction, settings)
        for name, direction in directions.items()
        if direction.given is None
    }
    if not fitted:
        return parsed.value, settings
    sentence = parsed.template.bind(parsed.value, {"directions": fitted})
    site = next((site for _, site in parsed.template.own_sites(sentence)), settings.site)
    return sentence, replace(settings, site=site)
