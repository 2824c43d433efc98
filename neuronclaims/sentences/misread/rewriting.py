"""Say what a sentence that no template reads was probably meant to be, written out.

Words that people use for the same thing are replaced (``RULES``), and what the errors of the parser suggest is put in,
until a template reads the sentence. Only a sentence that is read in the end is proposed. What is no subject of claims,
or needs more than other words, is named as such (``REMARKS``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from neuronclaims.sentences.messages import quoted

MOST_REPAIRS = 6
"""How many suggestions are followed in one sentence."""

_PLACE = r"([0-9]{1,9})"
_IS, _VALUE = r"\b(?<!activity )(?:is|has) (?:a )?", "(?: activation| value)?"
_FIRES = "fires|responds|reacts|lights up|spikes|is activated"


def _rule(pattern: str, new: str) -> tuple[re.Pattern[str], str]:
    return re.compile(pattern, re.IGNORECASE), new


_PLACES = r"\S+:[0-9]{1,9}"
_CHANGES = r"ablating|adding|scaling|clamping|restoring|corrupting"
_ONE_BY_ONE = _rule(
    rf"^((?:{_CHANGES})\b.*?)\b(head|latent)s? ({_PLACES})(?:,| and) (?={_PLACES}\b)", r"\1\2 \3 and \2 "
)
"""Several heads or latents are changed one after another: ``head 1:2 and head 1:3``."""

RULES = (
    _rule(r"\.$", ""),
    *[_ONE_BY_ONE] * 7,
    _rule(
        rf"^((?:{_CHANGES})\b.*?\b(?:head|latent) {_PLACES}), (?=(?:head|latent|neuron) )",
        r"\1 and ",
    ),
    _rule(rf"^latents (?={_PLACES})", "every latent of "),
    _rule(rf"^(every latent of (?:{_PLACES}, )*{_PLACES}) and (?={_PLACES}\b)", r"\1, "),
    _rule(r"\b(among the top [0-9,]+) (?:latents|features|units|dimensions)\b", r"\1 neurons"),
    _rule(r"\b(activates?|attends?) (more|less) than (\S+) (?:for|on|in|at) (\S+)$", r"\1 \2 for \4 than \3"),
    _rule(rf"\bneurons? L{_PLACE}\.?N{_PLACE}\b", r"neuron \1:\2"),
    _rule(rf"\b(?<!neuron )L{_PLACE}\.?N{_PLACE}\b", r"neuron \1:\2"),
    _rule(rf"\b(?<!head )L{_PLACE}\.?H{_PLACE}\b", r"head \1:\2"),
    _rule(rf"\blayer {_PLACE},? neuron {_PLACE}\b", r"neuron \1:\2"),
    _rule(rf"\bneuron {_PLACE},? (?:of|in|at) layer {_PLACE}\b", r"neuron \2:\1"),
    _rule(rf"\blayer {_PLACE},? head {_PLACE}\b", r"head \1:\2"),
    _rule(rf"\bhead {_PLACE},? (?:of|in|at) layer {_PLACE}\b", r"head \2:\1"),
    _rule(rf"^(?:dimension|unit|channel|feature|node|cell) {_PLACE}:{_PLACE}\b", r"neuron \1:\2"),
    _rule(rf"^{_PLACE}:{_PLACE} ", r"neuron \1:\2 "),
    _rule(r"^(?:the )?attention head ", "head "),
    _rule(r"^(?:feature|sae feature|sae latent) (?=\S+:[0-9])", "latent "),
    _rule(r"^the (?=neuron|head|latent|direction)", ""),
    _rule(rf"{_IS}(?:higher|larger|greater|stronger|more active){_VALUE}\b", "activates more"),
    _rule(rf"{_IS}(?:lower|smaller|weaker|less active){_VALUE}\b", "activates less"),
    _rule(r"\bactivates (?:higher|stronger|more strongly)\b", "activates more"),
    _rule(rf"\b(?:{_FIRES}) (more|less)(?: strongly)?\b", r"activates \1"),
    _rule(r"\b(?:doesn't|does not|do not|don't) (?:fire|respond|react|light up)\b", "does not activate"),
    _rule(r"\b(activates?) (more|less) (?:on|in|with|to|at)\b", r"\1 \2 for"),
    _rule(r"\b(activates? (?:more|less) for \S+ than) (?:on|in|for|with|to|at)\b", r"\1"),
    _rule(
        r"\b(activates? (?:more|less) for \S+) (?:compared to|compared with|over|versus|vs\.?)\b", r"\1 than"
    ),
    _rule(r"\b(?:distinguishes|discriminates|differentiates|classifies|tells apart)\b", "separates"),
    _rule(r"\bseparates (?:between )?(\S+) (?:and|vs\.?|versus|against)\b", r"separates \1 from"),
    _rule(r"\b(?:ROC[- ]?)?AUC(?:ROC)?\b", "AUROC"),
    _rule(r"\bwith (?:an )?AUROC (?:of )?(?:at least|above|over|>=?|≥) ?(?=[0-9.])", "with AUROC at least "),
    _rule(r"\bby (?:more than|over|>=?|≥) ?(?=[0-9.])", "by at least "),
    _rule(r"\b(?:correlates|is correlated|tracks|varies) with\b|\btracks\b", "goes with"),
    _rule(r"\b(?:increases|boosts|promotes|enhances|strengthens)\b", "raises"),
    _rule(r"\b(?:decreases|reduces|suppresses|diminishes|weakens)\b", "lowers"),
    _rule(
        r"^(?:zero-ablating|knocking out|zeroing(?: out)?|removing|silencing|deleting|disabling)\b",
        "ablating",
    ),
    _rule(r"^(?:patching(?: in)?)\b", "restoring"),
    _rule(r"^(?:multiplying)\b", "scaling"),
    _rule(r"^(?:setting|fixing|pinning|holding)\b", "clamping"),
    _rule(r"\brecovers (?:more than|over|>=?|≥) ?(?=[0-9])", "recovers at least "),
)
"""What people write, and how a sentence has it; they are tried in this order."""

_OTHERS = "every|some|latents?|directions?|probes?|at least"

REMARKS = (
    _rule(
        r"\b(activates?) (more|less) than (\S+)$",
        "two sets are compared, and one is missing: write '{0} {1} for SET than {2}'",
    ),
    _rule(
        rf"^(?:{_OTHERS})\b.*? (writes?(?= \")|(?:is|are) (?:not )?(?:an outlier|outliers|massive))\b",
        "'{0}' is claimed of one neuron, such as 'neuron 11:365': give each neuron a claim. Of latents, directions and "
        "probes it cannot be claimed",
    ),
    _rule(
        r"^(?:every |some )?heads? .*?\b(activates?|predicts?|writes?|goes with|"
        r"is (?:not )?(?:among|an outlier|massive))\b",
        "'{0}' cannot be claimed of a head: claim what it attends to, or what changing it does, such as 'ablating head "
        "9:6 lowers ...'",
    ),
    _rule(
        r"^(?:sae )?features?\b",
        "a feature is no subject here: write 'neuron 2:3', or 'latent sae:3' for one of an entry of 'dictionaries'",
    ),
    _rule(
        r"^(?:logistic regression|(?:a |the )?(?:linear )?(?:classifier|regression))\b",
        "a regression is no subject here: one that was fitted elsewhere is an entry of 'probes', and is called "
        "'probe NAME'",
    ),
    _rule(
        r"^steering\b(?!.* neurons? [0-9:, ]+ by )",
        "steering is written with how much and where: 'adding 3 honesty at layer 10 raises ...'",
    ),
    _rule(
        r"^(?:a |the )?(?:circuit|subspace|module|mlp|expert|embedding|token)s?\b",
        "{first} is no subject of claims: there are neurons, sets of them, layers, heads, latents, directions, probes",
    ),
    _rule(
        r"\b(?:on|at|for) (?:the )?tokens (?:that match|matching|like)\b",
        "at which tokens a neuron is active is claimed by labels of the texts, 'predicts label \"number\" in SET', and "
        "not by a pattern; 'predicts tokens matching \"[0-9]+\" in SET' is about what the model writes next",
    ),
    _rule(
        r"\b(?:on|at|for|inside) (?:the )?(?:tokens? )?(?:labell?ed|tagged|with (?:the )?label|label)\b(?= \")",
        "that a neuron is active at tokens with a label is written 'predicts label \"noun\" in SET'",
    ),
    _rule(
        r"(?<=\S )(?:after|before|on|at) (?=\")",
        "which tokens are read is no part of this sentence: give the claim an option such as 'tokens: first after "
        '" the"\'',
    ),
    _rule(
        r"\b(?:of its norm|to the unembedding|null ?space)\b",
        "of a neuron's weights it is claimed what they write: 'writes \" an\" more than 99% of tokens'; what it does "
        "to all tokens at once: 'ablating neuron 11:584 raises entropy in SET'",
    ),
    _rule(
        r"\b(?:is|are) (?:bimodal|sparse|monosemantic|polysemantic|dead|redundant|interpretable|selective)\b",
        "{first} cannot be claimed; 'separates SET from SET' and 'is an outlier beyond 6 in at least 6% of tokens in "
        "SET' are nearest",
    ),
)
"""What is said of sentences that other words alone cannot mend."""


class Misunderstood(Protocol):
    """What is known of a sentence that no template reads: where, and what could stand there."""

    column: int
    width: int
    suggestion: str | None


def rewritten(sentence: str, error_of: Callable[[str], Misunderstood | None]) -> str | None:
    """Return a sentence that is read and was probably meant; None where there is none.

    ``error_of`` gives the error of a sentence, None for one that is read. A sentence in which the first error's own
    suggestion is all that has to change gives None: that error says enough.
    """
    first = error_of(sentence)
    if first is None or (first.suggestion is not None and error_of(_repaired(sentence, first)) is None):
        return None
    text = " ".join(sentence.split())
    for pattern, new in RULES:
        text = _outside_quotes(pattern, new, text)
    ruled = text != " ".join(sentence.split())
    repairs = 0
    while (error := error_of(text)) is not None:
        if error.suggestion is None or repairs == MOST_REPAIRS:
            return None
        text, repairs = _repaired(text, error), repairs + 1
    return text if ruled or repairs > 1 else None


def _repaired(text: str, error: Misunderstood) -> str:
    start = error.column - 1
    return f"{text[:start]}{error.suggestion}{text[start + error.width :]}"


def _outside_quotes(pattern: re.Pattern[str], new: str, text: str) -> str:
    """Replace in a sentence, but not in the tokens that stand in it in quotes."""
    if '"' not in text:
        return pattern.sub(new, text)
    found = pattern.search(text)
    while found is not None and text[: found.start()].count('"') % 2:
        found = pattern.search(text, found.end())
    return text if found is None else f"{text[: found.start()]}{found.expand(new)}{text[found.end() :]}"


def remark(sentence: str) -> tuple[str, int, int] | None:
    """Return what must be said of a sentence that other words alone cannot mend, and of which part: start and width.

    None where nothing is known.

    >>> said, start, width = remark("circuit 3 activates more for hanoi than baseline")
    >>> said[:43], start, width
    ("'circuit' is no subject of claims: there ar", 0, 7)
    """
    for pattern, text in REMARKS:
        if found := pattern.search(sentence):
            first = found[0].strip()
            return text.format(*found.groups(), first=quoted(first)), found.start(), len(first)
    return None
