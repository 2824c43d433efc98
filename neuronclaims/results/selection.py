"""Tell how what a claim is about was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SEVERAL = {
    "neurons": "neuron",
    "heads": "head",
    "latents": "latent",
    "directions": "direction",
    "probes": "probe",
    "sets": "set",
}
"""What may be chosen of which there are several, with what one of them is called."""


@dataclass(frozen=True, slots=True)
class Selection:
    """How the neuron, direction or layer of a claim was chosen, as the claim file says.

    ``beforehand``: the file does not say, so it is taken as chosen before these prompts were seen. ``discovered``: on
    the ``prompts`` different prompts of the sets and files in ``where``, none of which is tested here. ``searched``:
    on these very prompts, from the ``neurons`` neurons of the layers in ``where``. ``what`` was chosen is a key:
    neuron, neurons, head, heads, direction, layer, sets; it is empty where a claim leaves nothing to choose.
    """

    how: Literal["beforehand", "discovered", "searched"]
    where: tuple[str, ...] = ()
    prompts: int | None = None
    neurons: int | None = None
    what: str = "neuron"

    @property
    def noun(self) -> str:
        """What one of those chosen is called.

        >>> Selection("beforehand", what="neurons").noun
        'neuron'
        """
        return SEVERAL.get(self.what, self.what)

    @property
    def several(self) -> bool:
        """Whether a claim is about several that were chosen together."""
        return self.what in SEVERAL

    @property
    def assumed(self) -> str:
        """The note for a claim file that does not say how it was chosen.

        >>> Selection("beforehand").assumed
        'The claim file does not say how the neuron was chosen; p is right only if it was chosen before these prompts \
were looked at.'
        """
        were, they = ("were", "they were") if self.several else ("was", "it was")
        return (
            f"The claim file does not say how the {self.what} {were} chosen; p is right only if {they} chosen before "
            "these prompts were looked at."
        )
