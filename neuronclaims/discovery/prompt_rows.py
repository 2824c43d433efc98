"""Write prompts, and pairs of texts, as entries of a claim file and as rows of files beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from neuronclaims.claim_files.claims import PairSet, Prompt, PromptPair, PromptSet
from neuronclaims.discovery.split import Texts
from neuronclaims.kinds.shared.requests import in_order
from neuronclaims.prompts import PromptInput, is_plain

OWN = ("set", "text", "messages", "id", "group", "pair", "labels", "clean", "corrupted")
"""Columns of the files of both halves; prompts whose own columns are called so are written into the claim file."""


def fits_rows(texts: Texts) -> bool:
    """Say whether texts can stand in a file of their own: their columns have other names, and pairs are no chats."""
    plain = isinstance(texts, PromptSet) or all(is_plain(prompt.text) for prompt in texts.prompts)
    return plain and not any(name in OWN for prompt in texts.prompts for name, _ in prompt.columns)


def listed(texts: Texts) -> list[object]:
    """Return prompts, or pairs, as a claim file lists them."""
    if isinstance(texts, PairSet):
        return [_pair_entry(pair) for pair in _pairs_in_order(texts)]
    return [_entry(prompt) for prompt in in_order(texts)]


def as_prompts(texts: Texts) -> PromptSet:
    """Return the prompts of a set, or all different texts of pairs, as a set."""
    if isinstance(texts, PromptSet):
        return texts
    different = {prompt.text: replace(prompt, id=None) for prompt in texts.prompts}
    return PromptSet(texts.name, tuple(different.values()), texts.place)


def lines(half: Mapping[str, Texts]) -> Iterator[str]:
    """Yield a row of JSON for each prompt, or for each pair."""
    for name, texts in half.items():
        if isinstance(texts, PairSet):
            for pair in _pairs_in_order(texts):
                yield _json({**dict(pair.columns), **_sides(pair), **_own(pair)})
            continue
        for prompt in in_order(texts):
            yield _json({**dict(prompt.columns), "set": name, **_given(prompt), **_own(prompt)})


def file_entry(path: str, prompts: Sequence[Prompt]) -> dict[str, object]:
    """Return the entry of a file of prompts with the columns that its rows have."""
    chats = not is_plain(prompts[0].text)
    columns = {"messages": "messages"} if chats else {"column": "text"}
    return {"file": path, **columns, **_kept(prompts, ("group", "pair", "id", "labels"))}


def pairs_entry(path: str, pairs: PairSet) -> dict[str, object]:
    """Return the entry of a file of pairs with the columns that its rows have."""
    return {"file": path, "clean": "clean", "corrupted": "corrupted", **_kept(pairs.pairs, ("group", "id"))}


def _kept(rows: Sequence[Prompt | PromptPair], keys: Sequence[str]) -> dict[str, object]:
    return {key: key for key in keys if all(getattr(each, key) is not None for each in rows)}


def _pairs_in_order(pairs: PairSet) -> list[PromptPair]:
    return sorted(pairs.pairs, key=lambda pair: (pair.clean, pair.corrupted))


def _pair_entry(pair: PromptPair) -> dict[str, object]:
    spans = {"spans": dict(pair.columns)} if pair.columns else {}
    return {**_sides(pair), **_own(pair), **spans}


def _sides(pair: PromptPair) -> dict[str, object]:
    sides = zip(("clean", "corrupted"), (pair.clean, pair.corrupted), strict=True)
    return {side: text if is_plain(text) else _messages(text) for side, text in sides}


def _entry(prompt: Prompt) -> object:
    spans = {"spans": dict(prompt.columns)} if prompt.columns else {}
    made = {**_given(prompt), **_own(prompt), **spans}
    return made["text"] if list(made) == ["text"] else made


def _given(prompt: Prompt) -> dict[str, object]:
    return {"text": prompt.text} if is_plain(prompt.text) else {"messages": _messages(prompt.text)}


def _messages(text: str) -> list[dict[str, str]]:
    return [{"role": each.role, "content": each.content} for each in PromptInput.of(text).messages]


def _own(each: Prompt | PromptPair) -> dict[str, object]:
    found = {name: getattr(each, name, None) for name in ("id", "group", "pair")}
    labels = each.labels if isinstance(each, Prompt) else None
    found["labels"] = None if labels is None else [list(stretch) for stretch in labels]
    return {name: value for name, value in found.items() if value is not None}


def _json(row: Mapping[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"
