"""Where labelled stretches lie in a split text, and which tokens are inside them."""

from __future__ import annotations

from collections.abc import Sequence

from neuronclaims.prompts import LabelledStretch, PromptInput
from neuronclaims.tokens.spans import SpanError, quoted_text
from neuronclaims.tokens.split_text import SplitText, Stretch

_SPACES = "\u2581\u0120 "
"""How vocabularies write a space: a token of nothing else may claim the character behind it."""


def placed(prompt: PromptInput, text: str, users: Sequence[Stretch]) -> tuple[LabelledStretch, ...] | None:
    """Return a prompt's labels by the characters of the text that is run; ``users`` are a chat's messages of the user.

    None where a chat's template changes the message that they are of.

    >>> from neuronclaims.prompts import ChatMessage
    >>> chat = PromptInput(messages=(ChatMessage("user", " a dog"),), labels=((3, 6, "noun"),))
    >>> placed(chat, "<user>a dog<end>", [(6, 11)])
    ((8, 11, 'noun'),)
    """
    if not prompt.messages or not prompt.labels:
        return prompt.labels
    if not users:
        return None
    said, (first, last) = prompt.labelled_text, users[-1]
    own = text[first:last]
    if own.strip() != said.strip():
        return None
    shift = first - said.index(own)
    moved = ((max(start + shift, first), min(end + shift, last), name) for start, end, name in prompt.labels)
    return tuple((start, end, name) for start, end, name in moved if start < end)


def inside(split: SplitText, label: str) -> tuple[bool, ...]:
    """Return which tokens lie in stretches with a label: those with a character of one that is not white space.

    Tokens that are no text lie nowhere. Raises SpanError where the tokens' characters are not known.

    >>> split = SplitText("a dog", ("a", " dog"), (True, True), ((0, 1), (1, 5)), labels=((1, 3, "noun"),))
    >>> inside(split, "noun"), inside(split, "verb")
    ((False, True), (False, False))
    """
    if split.labels is None:
        raise SpanError(
            f"The chat template changes the last message of the user in {split.name}, so its labels lie nowhere in the "
            "text that the model reads."
        )
    wanted = [(start, end) for start, end, name in split.labels if name == label]
    if not wanted:
        return (False,) * len(split.tokens)
    if split.offsets is None:
        raise SpanError(
            f"The tokens with the label {quoted_text(label)} are found by the characters of each token, and this "
            "model's tokenizer does not tell them: it is a slow one. Save it with its tokenizer.json."
        )
    marked = bytearray(len(split.text))
    for start, end in wanted:
        marked[start:end] = bytes(not sign.isspace() for sign in split.text[start:end])
    return tuple(
        counts and 1 in marked[start:end] and not _blank(token, split.text[start:end])
        for token, (start, end), counts in zip(split.tokens, split.offsets, split.counts, strict=True)
    )


def _blank(token: str, text: str) -> bool:
    """Say whether a token is spaces that its text does not have, such as the one that begins texts of some models."""
    return not token.strip(_SPACES) and bool(text.strip(_SPACES))
