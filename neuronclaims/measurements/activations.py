"""Activations of a whole layer, pooled over the positions that count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from neuronclaims.measurements.bases import CheckedByNeed
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Description, Lengths, Need, TextRequest
from neuronclaims.measurements.pools import EachPool, LegacyGrowingPool, Pool, TokenPool, pool_of
from neuronclaims.prompts.sampling import Sampling
from neuronclaims.sites import Site
from neuronclaims.tokens.spans import Span, rule_text, span_of


@dataclass(frozen=True, slots=True)
class TokenRule:
    """The positions of a text that count, and how they become one number per prompt.

    ``span`` names the positions: those of the prompt or of a part of it; those that hold generated tokens, the last one
    included; or those that emitted them (last prompt token to last but one generated). ``pool`` turns their values into
    one. Both may be given as text. Padding never counts, and special tokens only where the span says so.

    >>> str(TokenRule("mean", "prompt")), str(TokenRule("last", Span("quoted", "Hanoi")))
    ('mean of prompt', 'last of "Hanoi"')
    """

    pool: Pool
    span: Span

    def __init__(self, pool: Pool | str, span: Span | str) -> None:
        object.__setattr__(self, "pool", pool_of(pool))
        object.__setattr__(self, "span", span_of(span))

    def __str__(self) -> str:
        return rule_text(str(self.pool), self.span)

    def check_tokens(self, lengths: Lengths, prompt: str) -> None:
        """Raise MeasurementError where a prompt does not have the tokens; what is generated is not known yet."""
        if not self.span.generates and not (self.span.whole and not isinstance(self.pool, TokenPool)):
            number = self.pool.number if isinstance(self.pool, TokenPool) else None
            lengths.check_span(prompt, self.span, number, str(self))


@dataclass(frozen=True, slots=True)
class Generation:
    """The continuation of a prompt, up to ``max_new_tokens`` tokens or the end-of-text token.

    It is greedy, or as ``sampling`` says.

    >>> Activations("mlp_post", 2, TokenRule("mean", "generated"), ("I like",), Generation(8)).request.need.new_tokens
    8
    """

    max_new_tokens: int
    sampling: Sampling | None = None


@dataclass(frozen=True, slots=True)
class Activations(CheckedByNeed):
    """The pooled activations of one whole layer at one site, for some prompts.

    The answer is a float32 array [len(prompts), width of the site], one row per prompt in the order given.
    ``generate`` is needed when, and only when, ``tokens.span`` is of tokens that are generated.

    >>> Activations("mlp_post", 2, TokenRule("last", "prompt"), ("I like Hanoi.",)).description.head
    'activations at mlp_post, last of prompt'
    """

    site: Site
    layer: int
    tokens: TokenRule
    prompts: tuple[str, ...]
    generate: Generation | None = None

    @property
    def request(self) -> TextRequest:
        """The pooled values of each prompt."""
        limit = self.generate.max_new_tokens if self.generate is not None else 0
        rule = self.tokens
        sampling = self.generate.sampling if self.generate is not None else None
        need = Pooled(self.site, self.layer, rule.pool, rule.span, limit, sampling)
        return TextRequest(need, self.prompts)

    @property
    def description(self) -> Description:
        """The measurement in words."""
        return Description(
            "activations", self.site, str(self.tokens), (self.layer,), ("prompts", self.prompts)
        )

    def check_lengths(self, lengths: Lengths) -> None:
        """Check that each prompt fits the model with what is generated after it, and has the tokens that count."""
        for prompt in self.prompts:
            lengths.check_length(prompt, self.generate.max_new_tokens if self.generate else 0)
            self.tokens.check_tokens(lengths, prompt)


@dataclass(frozen=True, slots=True)
class Pooled:
    """One number per neuron and prompt: a site, a layer and how tokens are pooled.

    ``limit`` is the most tokens generated, 0 for spans of the prompt, which generation does not change. With
    ``sampling`` it is the mean over the texts drawn; a text without such a token counts for nothing.
    """

    site: str
    layer: int
    pool: Pool
    span: Span
    limit: int
    sampling: Sampling | None = None
    text: ClassVar[str] = "prompt"
    worker: ClassVar[str] = "neuronclaims.models.running.pooled:work"

    def __post_init__(self) -> None:
        object.__setattr__(self, "pool", pool_of(self.pool))
        object.__setattr__(self, "span", span_of(self.span))

    def __str__(self) -> str:
        return f"{self.site}/{self.layer}/{rule_text(str(self.pool), self.span)}/{self.limit}{written(self.sampling)}"

    @property
    def work(self) -> str:
        """The sort of work: texts are drawn apart from what is greedy."""
        return f"pooled{written(self.sampling)}"

    @property
    def new_tokens(self) -> int:
        """How many tokens are generated at most."""
        return self.limit

    @property
    def samples(self) -> int:
        """How many texts are written after each prompt."""
        return self.sampling.samples if self.sampling else 1

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """The site and the layer."""
        return ((self.site, self.layer),)

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a row has: one per neuron or, unpooled, their number and one per neuron each."""
        width = facts.width_of(self.site)
        return 1 + self.pool.positions * width if isinstance(self.pool, EachPool) else width

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        facts.check_place(self.site, self.layer)
        rule = rule_text(str(self.pool), self.span)
        if not self.span.generates:
            if self.limit or self.sampling:
                raise MeasurementError(f"{rule!r} looks at the prompt alone; it takes no generation.")
            return
        if self.sampling and isinstance(self.pool, (EachPool, LegacyGrowingPool)):
            raise MeasurementError(
                f"{rule!r} has no mean over texts that are drawn and differ in length: leave 'temperature' out."
            )
        if not facts.causal:
            raise MeasurementError(
                f"{facts.name} ({facts.architecture}) is an encoder or has no head and generates no text, so {rule!r} "
                f"means nothing for it. Use '{self.pool} of prompt'."
            )
        if self.limit < 1:
            raise MeasurementError(f"{rule!r} needs generated text: say how many new tokens, at least 1.")

    def cost(self, needs: Sequence[Need], texts: int, facts: ModelFacts) -> Iterator[tuple[str, float]]:
        """Yield passes that end at the highest layer, or whole ones where text is generated."""
        highest = max((layer for need in needs for _, layer in need.places), default=0)
        generating = any(need.new_tokens for need in needs)
        yield "activations", texts * (self.samples if generating else (highest + 1) / facts.layers)


def written(sampling: Sampling | None) -> str:
    """Return what names of the cache say of texts that are drawn; nothing for greedy ones.

    >>> written(Sampling(0.8, 4))
    '/0.8 x4 #0'
    """
    return "" if sampling is None else f"/{sampling.temperature!r} x{sampling.samples} #{sampling.seed}"
