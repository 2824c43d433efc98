"""The plan of a model in words: what is measured, where, of which texts, and what its claims can show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING

from neuronclaims.claim_files.claims import PairSet, PromptSet
from neuronclaims.claim_files.prompts.misleading import data_problems, of_claim
from neuronclaims.foreign_text import one_line
from neuronclaims.kinds import kind_of
from neuronclaims.planning.model_plans import FilePlan, ModelPlan, problems_of, unknown_tokens
from neuronclaims.reports.readings import rest_of, told
from neuronclaims.sentences.messages import quoted
from neuronclaims.sites import printed

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, ClaimFile
    from neuronclaims.claim_files.errors import Place
    from neuronclaims.engines.cost import Cost
    from neuronclaims.models.chats.odd_tokens import OddTokens
    from neuronclaims.models.tokenization_check import TokenizationCheck
    from neuronclaims.tokens.readings import TokensReading


def lines(plan: ModelPlan) -> Iterator[str]:
    """Describe what would be measured on one model."""
    yield f"{plan.spec}: {sized(plan)}"
    for number, file in enumerate(plan.files):
        yield f"  {_counts(file)}"
        for place, what in problems(file):
            yield f"    {one_line(f'{place.path}:{place.line}: {what}')}"
        for said, names in file.effects.items():
            yield f"    {one_line(f'{listed(names)}: {said[0].lower()}{said[1:]}')}"
        for problem in data_problems(file.file):
            yield f"    {one_line(f'{problem.place.path}:{problem.place.line}: {problem.message}')}"
        for place, message in _odd(file.file, plan.odd[number] if plan.odd else {}):
            yield f"    {one_line(f'{place.path}:{place.line}: {message}')}"
        for line in _data(file.file, plan.tokenization):
            yield f"    {one_line(line)}"
        for reading in plan.readings[number] if plan.readings else ():
            yield from _reading(reading)
        graded = dict.fromkeys(name for claim in file.file.claims for name in claim.graded)
        if graded:
            yield f"    not known before it runs: whether it gave the graded answers of {', '.join(graded)}"
    if plan.cost is not None:
        for line in _work(plan.cost):
            yield f"  {line}"
        yield f"  {_tokens(plan)}"
    yield ""


def problems(plan: FilePlan) -> Iterator[tuple[Place, str]]:
    """Yield each problem once, at the first claim that has it, and the ids of the others."""
    claims: dict[str, list[Claim]] = {}
    for claim, what in problems_of(plan):
        claims.setdefault(what, []).append(claim)
    for what, found in claims.items():
        others = [claim.id for claim in found[1:]]
        yield found[0].place, f"{what} (so it is with {listed(others)})" if others else what


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def sized(plan: ModelPlan) -> str:
    """Say what a model is, or why nothing is known of it."""
    if plan.source is None or plan.missing is not None:
        return f"{plan.missing} (models from conftest.py are not asked for in a dry run)"
    facts = plan.source.facts()
    widths = Counter(facts.widths.values())
    sites = {width: [site for site, own in facts.widths.items() if own == width] for width in widths}
    sized = "; ".join(f"{width:,} neurons per layer at {', '.join(names)}" for width, names in sites.items())
    there = "its weights are here" if plan.weights is None else "its weights are not here"
    return f"{facts.architecture}, {facts.layers} layers, {sized}; {there}"


def _counts(plan: FilePlan) -> str:
    kinds = Counter(kind_of(claim.sentence).name for claim in plan.file.claims)
    named = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    return f"{plan.file.claims[0].place.path}: {many(len(plan.file.claims), 'claim')} ({named})"


def _work(cost: Cost) -> Iterator[str]:
    there: dict[str, set[int]] = {}
    for site, layers in cost.places.items():
        there.setdefault(printed(site), set()).update(layers)
    for words, found in there.items():
        yield f"reads {words} of {_ranges(tuple(sorted(found)))}"
    texts = ", ".join(many(count, text) for text, count in cost.texts.items())
    yield f"runs {texts or 'no text'}{_weighed(cost)}"
    yield from _passes(cost.passes)
    if cost.generated:
        yield f"generates {cost.generated:,} tokens at most"
    yield f"keeps {size_of(cost.stored)} in the run cache, less what is there already"


def _weighed(cost: Cost) -> str:
    return f"; looks up weights {many(cost.weights, 'time')}" if cost.weights else ""


def _passes(passes: Mapping[str, float]) -> Iterator[str]:
    if passes:
        each = ", ".join(f"{name} {count:,.0f}" for name, count in passes.items())
        yield f"passes, counted as whole texts: {sum(passes.values()):,.0f} ({each})"


def _tokens(plan: ModelPlan) -> str:
    if plan.tokenization is not None:
        return f"its tokenizer makes {plan.tokenization.tokens:,} tokens of all texts"
    named = ", ".join(repr(token) for token in unknown_tokens(plan))
    unknown = [f"whether each of {named} is a single token"] if named else []
    unknown += ["how long texts are"] if plan.cost is not None and plan.cost.texts else []
    return f"not known without its tokenizer.json: {', and '.join(unknown) or 'nothing'}"


def _data(file: ClaimFile, known: TokenizationCheck | None) -> Iterator[str]:
    """Yield a line for each set and each entry of pairs; ``known`` is None where the tokenizer is not at hand."""
    sets: list[PromptSet | PairSet] = [*file.sets.values(), *file.pairs.values()]
    for found in sets:
        tokens = (
            "" if known is None else "".join(_token_lengths([prompt.text for prompt in found.prompts], known))
        )
        if found.account is not None:
            yield f"{found.name}: {found.account.summary}{tokens}"
        yield from _first_chat(found, known)


def _first_chat(found: PromptSet | PairSet, known: TokenizationCheck | None) -> Iterator[str]:
    """Yield the first chat of a set as the model reads it, special tokens and all."""
    chats = known.chats if known is not None else {}
    first = next((prompt.text for prompt in found.prompts if prompt.text in chats), None)
    if known is not None and first is not None:
        dated = "; the template asks for the date and always gets 26 July 2024" if known.dated else ""
        yield f"  {found.name}, its first chat as the model reads it: {chats[first]!r}{dated}"


def _odd(file: ClaimFile, odd: Mapping[str, OddTokens]) -> Iterator[tuple[Place, str]]:
    """Yield what the tokenizer makes of odd texts, each once, at the first claim about them."""
    first = {said: claim.place for claim in reversed(file.claims) for said in of_claim(claim, odd)}
    yield from ((place, said) for said, place in first.items())


def _reading(reading: TokensReading) -> Iterator[str]:
    """Yield the tokens that are read or changed in a set, each in brackets in its text."""
    yield f"    {reading.set}: {reading.does} {reading.rule!r} ({rest_of(reading)})"
    for line in dict.fromkeys(map(told, reading.shown)):
        yield f"      {line}"


def _token_lengths(texts: Sequence[str], known: TokenizationCheck) -> Iterator[str]:
    """Yield what the tokenizer makes of some texts, of those that it was asked about."""
    lengths = [known.lengths[text] for text in texts if text in known.lengths]
    if lengths:
        low, high = min(lengths), max(lengths)
        yield (
            f"; {low:,} tokens each"
            if low == high
            else f"; {low:,} to {high:,} tokens, median {median(lengths):g}"
        )
    if ends := _named(texts, known.ends):
        yield f"; last token of those that end in white space: {ends}"
    if twice := _named(texts, known.twice):
        yield f"; begin with a special token twice: {twice}"


def _named(texts: Sequence[str], tokens: Mapping[str, str]) -> str:
    counted = Counter(tokens[text] for text in texts if text in tokens)
    return ", ".join(f"{quoted(token)} ({count:,})" for token, count in counted.most_common(3))


def many(count: int, noun: str) -> str:
    """Return a number of things."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _ranges(layers: tuple[int, ...]) -> str:
    """Return numbers as ranges: "layers 0 to 11", "layers 3, 5 to 7"."""
    runs: list[list[int]] = []
    for layer in layers:
        if runs and layer == runs[-1][-1] + 1:
            runs[-1].append(layer)
        else:
            runs.append([layer])
    words = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    return f"{'layer' if len(layers) == 1 else 'layers'} {', '.join(words)}"


def size_of(count: int) -> str:
    """Return a number of bytes in three digits or so."""
    size, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
