"""What names of prompt sets, pairs, directions and other entries of a claim file are made of."""

from __future__ import annotations

import re

from neuronclaims.sentences.field_types import composed

NAME_SIGNS = r"[^\x00-,./:-@\[-^`{-\xa0\u2000-\u206f\u3000\ufe00-\ufe0f\ufeff\ufff0-\uffff]"
"""What names and ids are made of, as a pattern for Python and for editors: letters of any script, digits, _ and -."""

IDENTIFIER = re.compile(rf"(?![0-9-]){NAME_SIGNS}+")
"""The name of a prompt set, of pairs or of a direction, as far as a pattern can tell."""


def is_name(text: str) -> bool:
    """Say whether a text can name a prompt set, pairs or a direction: letters of any script, digits, ``_``, ``-``.

    >>> [name for name in ("hanoi", "Αθήνα", "河内", "café-2", "2nd", "a b", "→") if is_name(name)]
    ['hanoi', 'Αθήνα', '河内', 'café-2']
    """
    whole = composed(text).replace("-", "_")
    return whole.isidentifier() and IDENTIFIER.fullmatch(text) is not None
