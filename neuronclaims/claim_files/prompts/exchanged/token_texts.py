"""Put a text together from tokens as dashboards show them: some decoded, some as the tokenizer writes them.

GPT-2's tokenizers and those like it write each byte as one sign, so that a curly apostrophe is three of them.
SAEDashboard and Neuronpedia turn those for spaces and ends of lines back, and leave all others.
"""

from __future__ import annotations

import re

SPECIAL = frozenset(
    {
        "<bos>",
        "<eos>",
        "<pad>",
        "<s>",
        "</s>",
        "<|begin_of_text|>",
        "<|end_of_text|>",
        "<|endoftext|>",
        "[CLS]",
        "[SEP]",
    }
)
"""Tokens that stand between texts and are none of them."""

_SPACES = {"\u2581": " ", "\u0120": " ", "\u010a": "\n", "\u21b5": "\n", "\u0109": "\t"}
"""What tokenizers and dashboards write for white space, where they decode none of it."""

_LATER = "[\u0122-\u0143\u00a1-\u00ac\u00ae-\u00bf]"
_BYTES = re.compile(f"[\u00c2-\u00df]{_LATER}|[\u00e0-\u00ef]{_LATER}{{2}}|[\u00f0-\u00f4]{_LATER}{{3}}")
"""A character of two, three or four bytes, a sign each (``bytes_to_unicode`` of GPT-2)."""

_HEXES = re.compile("(?:<0x[0-9A-F]{2}>)+")
"""Bytes as SentencePiece writes them."""


def text_of(tokens: list[str]) -> str:
    r"""Return the text of some tokens.

    >>> text_of(["It", "\u00e2\u0122", "\u013b", "s", " here", "<0x0A>"])
    'It\u2019s here\n'
    >>> text_of(["\u0120It", "\u0120is"])
    ' It is'
    """
    text = _HEXES.sub(lambda found: _decoded(_bytes(found[0]), found[0]), "".join(tokens))
    text = _BYTES.sub(lambda found: _decoded(bytes(map(_byte, found[0])), found[0]), text)
    if " " in text:  # spaces are decoded, so that these signs are letters of the text
        return text
    for written, meant in _SPACES.items():
        text = text.replace(written, meant)
    return text


def _bytes(hexes: str) -> bytes:
    return bytes.fromhex(hexes.replace("<0x", "").replace(">", ""))


def _byte(sign: str) -> int:
    """Return the byte that a sign of GPT-2's alphabet stands for."""
    code = ord(sign)
    if code == 0x143:
        return 0xAD
    return code - 0x122 + 0x80 if code >= 0x122 else code


def _decoded(written: bytes, otherwise: str) -> str:
    try:
        return written.decode("utf-8")
    except UnicodeDecodeError:
        return otherwise
