"""How claims of a direction's activity in a region named beforehand read: it is higher for one set, or it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from neuronclaims.kinds.projection.directions import Score
from neuronclaims.kinds.shared.margins import MarginOptions
from neuronclaims.sentences.templates import Template

if TYPE_CHECKING:
    from neuronclaims.sentences.layers import Layers
    from neuronclaims.sentences.positions import TokenPositions


@dataclass(frozen=True, slots=True)
class Region:
    """The sentence about a region in which one set is higher or lower, or is not, in parts."""

    direction: str
    comparison: Literal["higher", "lower", "not higher", "not lower"]
    first: str
    second: str
    layers: Layers | None = None
    positions: TokenPositions | None = None

    def __str__(self) -> str:
        return REGION_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class Alike:
    """The sentence about a region in which two sets do not differ, in parts."""

    direction: str
    verb: Literal["does not differ"]
    first: str
    second: str
    layers: Layers | None = None
    positions: TokenPositions | None = None

    def __str__(self) -> str:
        return ALIKE_TEMPLATE.render(self)


class RegionOptions(MarginOptions):
    """What claims about the activity of a region take besides."""

    score: Score = "z"


_WHERE = "[in {layers:layers}] [over {positions:positions}]"
_MARGIN = "'margin: 0.5 sd', the difference that would matter"
REGION_TEMPLATE = Template(
    "{direction:direction} activity is {comparison:higher|lower|not higher|not lower} "
    f"for {{first:set}} than {{second:set}} {_WHERE}",
    Region,
    options=RegionOptions,
    margin=_MARGIN,
)
ALIKE_TEMPLATE = Template(
    f"{{direction:direction}} activity {{verb:does not differ}} between {{first:set}} and {{second:set}} {_WHERE}",
    Alike,
    options=RegionOptions,
    margin=_MARGIN,
)
