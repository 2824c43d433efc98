"""What a neuron's value is put beside, token by token: the model's own top prediction, or a label of the text.

Both are yes or no at every position, so claims about them differ in what is measured and in their words alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.shared.memoize import memoize
from neuronclaims.kinds.shared.requests import texts_of
from neuronclaims.measurements import LabelCounts, Readout
from neuronclaims.token_classes import TokenLabel, Wanted

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.measurements import ModelFacts
    from neuronclaims.sentences.subjects.neurons import Neuron

Counted: TypeAlias = "Readout | LabelCounts"
"""What counts positions and those looked for, in each document."""


@memoize
def labelled_items(prompts: Sequence[Prompt]) -> tuple[str, ...]:
    """Return what stands for some prompts with their labels, in their order."""
    return tuple(prompt.labelled_item for prompt in prompts)


@dataclass(frozen=True, slots=True)
class LookedFor:
    """What counts at a position, in words.

    >>> LookedFor(" an").there, LookedFor(TokenLabel("noun")).there
    ("' an' on top", 'label "noun"')
    """

    wanted: Wanted

    @property
    def labels(self) -> bool:
        """Whether it is a label of the text and no prediction."""
        return isinstance(self.wanted, TokenLabel)

    @property
    def there(self) -> str:
        """What such positions are positions with: ``' an' on top``."""
        return repr(self.wanted) if self.labels else f"{self.wanted!r} on top"

    @property
    def what(self) -> str:
        """The same without its name."""
        return "the label" if self.labels else "the token on top"

    @property
    def is_there(self) -> str:
        """What stands before ``nowhere in 3 documents``."""
        return "the label is" if self.labels else "the token is on top"

    @property
    def key(self) -> str:
        """The key of the share of positions with it."""
        return "share_labelled" if self.labels else "share_on_top"

    def counted(self, hits: int) -> str:
        """Say at how many positions it is, of some that were named before."""
        if self.labels:
            return f"{hits:,} of them {'has' if hits == 1 else 'have'} the {self.wanted!r}"
        return f"{self.wanted!r} is on top at {hits:,} of them"

    def no_contrast(self, where: str, everywhere: bool) -> ClaimError:
        """Return the error of documents in which it is nowhere, or everywhere."""
        if self.labels:
            at, other = (
                ("at each", "other tokens, too") if everywhere else ("at none", "tokens of text with it")
            )
            return ClaimError(
                f"{str(self.wanted).capitalize()} stands {at} {where}, so nothing can go with it. Take documents that "
                f"have {other}."
            )
        if everywhere:
            return ClaimError(
                f"{self.wanted!r} is the top prediction at each {where}, so nothing can go with it. Take documents in "
                "which the model would write other tokens, too."
            )
        return ClaimError(
            f"{self.wanted!r} is the top prediction at none {where}, so nothing can go with it. Take documents in "
            "which the model would write it, or a token that it writes more often."
        )

    @property
    def with_it(self) -> str:
        """What a document has that tells something: positions with it and others."""
        label = f"tokens with {self.wanted!r} and others"
        return (
            label
            if self.labels
            else f"positions with {self.wanted!r} as the top prediction and others without"
        )

    def need(
        self, claim: Claim, neuron: Neuron, edges: tuple[float, ...], prompts: Sequence[Prompt]
    ) -> Counted:
        """Ask for one neuron beside it, in every document; raise ClaimError for a label with a ``readout``."""
        settings = claim.settings
        legacy = settings.options.readout == "legacy_embed"
        place = settings.site, neuron.layer, neuron.index
        if isinstance(self.wanted, TokenLabel):
            if legacy:
                raise ClaimError(
                    f"'readout: legacy_embed' is a way to make predictions, and {self.wanted!r} is of the text itself. "
                    "Leave it out, or write 'readout: model' beside this claim."
                )
            return LabelCounts(*place, self.wanted.name, edges, labelled_items(prompts))
        return Readout(*place, self.wanted, edges, texts_of(prompts), legacy_embed=legacy)

    def check(self, facts: ModelFacts) -> None:
        """Raise ClaimError for a model that predicts nothing."""
        if not self.labels and not facts.causal:
            raise ClaimError(
                f"{facts.name} ({facts.architecture}) is an encoder or has no head and predicts no next token. Name a "
                "model that generates text."
            )
