"""Prompt sets: written in the claim file, or taken from a file of prompts beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neuronclaims.claim_files.claims import Prompt, PromptSet
from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.prompts.located import Placed
from neuronclaims.claim_files.prompts.rows import SUFFIXES
from neuronclaims.claim_files.prompts.set_files import prompts_from_file
from neuronclaims.claim_files.yaml.entries import PromptEntry
from neuronclaims.claim_files.yaml.positions import Entries, Items, Node, Scalar
from neuronclaims.claim_files.yaml.source import Source
from neuronclaims.claim_files.yaml.validation import Section, validate
from neuronclaims.sentences.messages import quoted


def read_set(name: str, key: Scalar, node: Node, source: Source) -> PromptSet:
    """Read one prompt set of a claim file. Raises ClaimFileError with all that is wrong with it."""
    if isinstance(node, Items):
        prompts = _inline(name, key, node, source)
    elif isinstance(node, Entries):
        prompts = prompts_from_file(f"the set {quoted(name)}", node, source)
    else:
        raise ClaimFileError([_neither(name, node, source)])
    problems = [*_partly(prompts), *_repeated(prompts)]
    if problems:
        raise ClaimFileError(problems)
    texts = tuple(placed.prompt for placed in prompts)
    return PromptSet(name, texts, source.place(key.start), prompts[0].graded_by)


def _neither(name: str, node: Scalar, source: Source) -> Problem:
    message = f"the set {quoted(name)} is a list of prompts, or a mapping with the key 'file'"
    near = f"{{file: {node.text}}}" if node.text.endswith(SUFFIXES) else f"[{node.text}]"
    return source.problem(node.start, message, width=node.end - node.start, suggestion=near)


def _inline(name: str, key: Scalar, node: Items, source: Source) -> list[Placed]:
    if not node.items:
        message = f"the set {quoted(name)} has no prompts"
        raise ClaimFileError([source.problem(key.start, message, width=key.end - key.start)])
    problems: list[Problem] = []
    prompts = [placed for item in node.items if (placed := _inline_prompt(item, source, problems))]
    if problems:
        raise ClaimFileError(problems)
    return prompts


def _inline_prompt(item: Node, source: Source, problems: list[Problem]) -> Placed | None:
    """Read one prompt of a list: a text or a mapping; None, with a problem, where it is neither."""
    if isinstance(item, Items):
        message = "a prompt is a text, or a mapping with the key 'text'; this is a list"
        problems.append(source.problem(item.start, message))
        return None
    if isinstance(item, Scalar):
        entry, text = PromptEntry.model_construct(text=item.text), item
    else:
        checked, found = validate(Section(PromptEntry, "in a prompt"), item, source)
        problems += found
        value = item.get("text")
        if checked is None or not isinstance(value, Scalar):
            return None
        entry, text = checked, value
    if text.missing:
        return None  # said already, as a value that is not there
    where = f"{source.path}:{source.place(text.start).line}"
    prompt = Prompt(entry.text, where, entry.id, entry.group, entry.pair, entry.block)
    placed = Placed(prompt, source, text.start, text.end - text.start)
    if not text.text.strip():
        problems.append(placed.problem("this prompt is empty"))
    return placed


def _partly(prompts: Sequence[Placed]) -> Iterator[Problem]:
    """Refuse groups, pairs and blocks that only some prompts of a set have."""
    for field in ("group", "pair", "block"):
        without = [placed for placed in prompts if getattr(placed.prompt, field) is None]
        if 0 < len(without) < len(prompts):
            rule = f"give every prompt a {field}, or none"
            yield without[0].problem(f"this prompt has no {field}, but others of its set have one: {rule}")


def _repeated(prompts: Sequence[Placed]) -> Iterator[Problem]:
    """Refuse a prompt that stands twice in one set: identical prompts are not independent."""
    first: dict[str, Placed] = {}
    for placed in prompts:
        earlier = first.setdefault(placed.prompt.text, placed)
        if earlier is not placed:
            text, where = quoted(placed.prompt.text), earlier.prompt.source
            yield placed.problem(
                f"the prompt {text} is in this set already ({where}); identical prompts are not independent"
            )
