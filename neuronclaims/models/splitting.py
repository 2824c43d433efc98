"""Split prompts into tokens, with the characters of each and whether it is text: no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from neuronclaims.models.chats.templates import Rendered
from neuronclaims.prompts import PromptInput, brief
from neuronclaims.tokens.labels import placed
from neuronclaims.tokens.split_text import SplitText, Stretch


class Splitter(Protocol):
    """What splits a prompt, given with its text, into tokens; with those that a model wants at its ends or without."""

    def __call__(self, item: str, given: Rendered, *, special: bool = True) -> SplitText:
        """Return the prompt as tokens."""
        ...


def text_free(tokenizer: Any) -> frozenset[int]:
    """Return the ids of tokens that stand for no text: BOS, EOS, [CLS], [SEP], padding and their like.

    The token of unknown text stands for text and counts, unless it doubles as one of the others but padding.
    """
    special = set(tokenizer.all_special_ids)
    doubles = {
        value
        for name, value in _named(tokenizer).items()
        if name not in ("unk_token", "pad_token") and value is not None
    }
    unknown = tokenizer.unk_token_id
    if unknown is not None and unknown not in doubles:
        special.discard(unknown)
    return frozenset(special)


def counted(ids: Sequence[int], special: frozenset[int], chat: bool) -> tuple[bool, ...]:
    """Return which tokens count: those of text and, of a chat, the last one, at which the assistant begins."""
    last = len(ids) - 1
    return tuple(token not in special or (chat and place == last) for place, token in enumerate(ids))


def split_by(
    tokenizer: Any,
    items: Sequence[str],
    given: Sequence[Rendered],
    *,
    special: bool = True,
    places: bool = True,
) -> list[SplitText]:
    """Return prompts as a tokenizer of Transformers splits them; texts that hold all special tokens get no others.

    A slow tokenizer does not tell the characters of a token. Without ``places`` only the numbers of the tokens are
    told, and which of them count: that takes a third of the time.
    """
    fast, free = places and bool(getattr(tokenizer, "is_fast", False)), text_free(tokenizer)
    found: list[SplitText | None] = [None] * len(items)
    for whole in (False, True):
        chosen = [place for place, text in enumerate(given) if text.whole == whole]
        if not chosen:
            continue
        more: dict[str, Any] = {"add_special_tokens": False} if whole or not special else {}
        more |= {"return_offsets_mapping": True} if fast else {}
        texts = [given[place].text for place in chosen]
        # Not verbose: too long a text is refused in our own words.
        made = tokenizer(
            texts, padding=False, truncation=False, return_attention_mask=False, verbose=False, **more
        )
        stretches = made["offset_mapping"] if fast else [None] * len(chosen)
        for place, ids, offsets in zip(chosen, made["input_ids"], stretches, strict=True):
            counts = counted(ids, free, given[place].whole)
            if not places:
                found[place] = SplitText(given[place].text, (), counts, ids=tuple(ids))
                continue
            tokens = tuple(map(str, tokenizer.convert_ids_to_tokens(ids)))
            plain = None if offsets is None else tuple((int(start), int(end)) for start, end in offsets)
            split = SplitText(given[place].text, tokens, counts, plain, ids=tuple(ids))
            found[place] = _named_as(items[place], given[place], split)
    return [split for split in found if split is not None]


class LibrarySplitter:
    """Splits prompts by a tokenizer of the tokenizers library, without Transformers.

    Which tokens are special is what its file says; the token of unknown text counts as text, as in a run.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        added = tokenizer.get_added_tokens_decoder().items()
        unknown = getattr(tokenizer.model, "unk_token", None)
        ends = frozenset(tokenizer.encode("").ids)
        self._free = ends | {number for number, token in added if token.special and token.content != unknown}

    def __call__(self, item: str, given: Rendered, *, special: bool = True) -> SplitText:
        """Return the prompt as tokens."""
        made = self._tokenizer.encode(given.text, add_special_tokens=special and not given.whole)
        counts = counted(made.ids, self._free, given.whole)
        split = SplitText(given.text, tuple(made.tokens), counts, tuple(made.offsets), ids=tuple(made.ids))
        return _named_as(item, given, split)


def _named_as(item: str, given: Rendered, split: SplitText) -> SplitText:
    """Return a split text with what its prompt is called and the names of its stretches."""
    if not given.whole and item == given.text:
        return split
    roles: dict[str, tuple[Stretch, ...]] = {}
    for role, start, end in given.ranges:
        roles[role] = (*roles.get(role, ()), (start, end))
    prompt = PromptInput.of(item)
    labels = placed(prompt, split.text, roles.get("user", ()))
    return replace(split, shown=brief(item, 60), roles=roles, columns=dict(prompt.spans), labels=labels)


def _named(tokenizer: Any) -> dict[str, int | None]:
    names = ("bos_token", "eos_token", "sep_token", "cls_token", "mask_token", "pad_token", "unk_token")
    return {name: getattr(tokenizer, f"{name}_id", None) for name in names}
