"""Read how much heads look at tokens: of one set, of two sets, or of two sorts of tokens in the same prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.shared.requests import in_order, items_of, texts_of
from neuronclaims.kinds.shared.subjects.ranks import layers_with_ranked
from neuronclaims.kinds.shared.subjects.selection import layers_needed
from neuronclaims.kinds.shared.unit_names import unit_names
from neuronclaims.measurements import Attention
from neuronclaims.measurements.attention.attention import check_head, layers_with_heads
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.tokens.attended import AttendedTokens, place_text
from neuronclaims.tokens.readings import TokensAsked
from neuronclaims.tokens.spans import ChangedTokens

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.kinds.two_sample.reading import Side
    from neuronclaims.measurements import Measurement, ModelFacts


@dataclass(frozen=True, slots=True)
class AttentionReading:
    """The attention of heads to tokens from others, as a claim's sentence names them.

    The sides that are compared are two sets or, with ``within`` prompts, two sorts of tokens in each prompt of one set.
    """

    claim: Claim
    within: bool = False

    @property
    def sides(self) -> tuple[Side, Side]:
        """The two sets, or one set twice, each of its prompts paired with itself."""
        said, sets = self.claim.sentence, self.claim.sets
        ones = in_order(sets[said.first])
        if not self.within:
            return (said.first, ones), (said.second, in_order(sets[said.second]))
        paired = tuple(
            replace(prompt, pair=None if prompt.group is not None else prompt.text, block=None)
            for prompt in ones
        )
        return (str(said.to), paired), (str(said.other), paired)

    def check(self, head: Neuron, facts: ModelFacts) -> None:
        """Raise ClaimError where a model has no such head."""
        try:
            check_head(facts, head.layer, head.index)
        except MeasurementError as error:
            raise ClaimError(str(error)) from None

    def layers(self, facts: ModelFacts) -> tuple[int, ...]:
        """Return the layers of the heads, or those of all layers searched, or ranked among, that have heads."""
        who, own = self.claim.sentence.who, layers_with_heads(facts)
        search = who.layers if who.how == "some" else self.claim.settings.searched
        if search is not None and search.layers is None:
            return own
        wanted = layers_needed(self.claim, who, facts)
        lacking = [layer for layer in wanted if layer not in own]
        if lacking or not facts.heads:
            self.check(Neuron(lacking[0] if lacking else 0, 0), facts)
        return layers_with_ranked(self.claim, wanted, own)

    def need(self, layer: int, prompts: Sequence[Prompt], side: int = 0) -> Attention:
        """Ask for the attention of a layer's heads."""
        said = self.claim.sentence
        to: AttendedTokens = said.other if self.within and side else said.to
        columns = tuple(dict.fromkeys((*to.columns, *said.origin.columns)))
        items = items_of(tuple(prompts), columns) if columns else texts_of(tuple(prompts))
        return Attention(layer, to, said.origin, items)

    def layer_of(self, need: Measurement) -> int | None:
        """Return the layer of attention."""
        return need.layer if isinstance(need, Attention) else None

    def label(self, head: Neuron) -> str:
        """Return the head and the tokens."""
        said = self.claim.sentence
        to = f"{said.to} and {said.other}" if self.within else str(said.to)
        return f"attention of head {head} to {to} from {place_text(said.origin)}"

    def key(self, head: Neuron) -> str:
        """Return the same, for baselines."""
        said = self.claim.sentence
        to = f"{said.to} and {said.other}" if self.within else str(said.to)
        return f"attention {head}, {to} from {place_text(said.origin)}"

    def texts(self, prompts: Sequence[Prompt], rows: Sequence[Sequence[int]]) -> tuple[Measurement, ...]:  # noqa: ARG002
        """Ask for nothing: no text is written."""
        return ()

    def unit_names(
        self,
        prompts: Sequence[Prompt],
        answers: Answers,  # noqa: ARG002
        rows: Sequence[Sequence[int]],
    ) -> tuple[str, ...]:
        """Return the names of units."""
        return unit_names(tuple(prompts), rows)


def between_sets(claim: Claim) -> AttentionReading:
    """Return what is read for a claim that compares two sets."""
    return AttentionReading(claim)


def within_prompts(claim: Claim) -> AttentionReading:
    """Return what is read for a claim that compares two sorts of tokens in each prompt."""
    return AttentionReading(claim, within=True)


def tokens_read(claim: Claim) -> tuple[TokensAsked, ...]:
    """Return the tokens that a claim's heads look at and look from, for each set that its sentence names."""
    said = claim.sentence
    names = [said.first, *([said.second] if hasattr(said, "second") else [])]
    seen = [said.to, *([said.other] if hasattr(said, "other") else [])]
    places: list[tuple[Literal["looked at", "look"], ChangedTokens]] = [
        *(("looked at", to.at) for to in seen if to.at is not None),
        ("look", said.origin),
    ]
    return tuple(
        TokensAsked(name, False, f"{words}: {place_text(at)}", at, _items(claim, name, at))
        for name in names
        for words, at in places
    )


def tokens_in_words(claim: Claim) -> str:
    """Return from which tokens a claim's heads look, and to which."""
    said = claim.sentence
    also = f" and to {said.other}" if hasattr(said, "other") else ""
    return f"from {place_text(said.origin)} to {said.to}{also}"


def _items(claim: Claim, name: str, at: ChangedTokens) -> tuple[str, ...]:
    return tuple(prompt.item(at.columns) for prompt in claim.sets[name].prompts)
