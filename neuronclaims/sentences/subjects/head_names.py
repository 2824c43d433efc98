"""Names of heads, ``9:6``, and the words ``head 9:6`` for a head that is changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.sentences.field_types import Label, MisreadError, Pattern, Word, literal
from neuronclaims.sentences.messages import quoted
from neuronclaims.sentences.subjects.forms import Bound
from neuronclaims.sentences.subjects.neurons import Neuron

SECTION = "heads"
"""What stands for the heads of a model among the sections of a file; a file has no such section."""

_HEAD = re.compile(r"([0-9]{1,9}):([0-9]{1,9})")
_NEARLY = re.compile(
    r"(?:layer|blocks?|[la])?[._]?([0-9]{1,9})(?:[.:/;,_-]+(?:head|h)?|h)([0-9]{1,9})", re.IGNORECASE
)
_A_HEAD = "a head such as 9:6"
LAST = Label(("9:6",), lambda text: bool(_HEAD.fullmatch(text)))
MORE = Label(("9:6,",), lambda text: text.endswith(",") and bool(_HEAD.fullmatch(text[:-1])))


@dataclass(frozen=True, slots=True)
class HeadReference:
    """A head that a sentence names.

    >>> HeadReference(Neuron(9, 6)).bound("attn_z>heads")
    Bound(neurons=(Neuron(layer=9, index=6),), site='attn_z>heads', layers=None)
    """

    head: Neuron

    @property
    def section(self) -> str:
        """The section that stands for the model's heads."""
        return SECTION

    @property
    def name(self) -> str:
        """The one entry there: the site of heads."""
        return SECTION

    @property
    def noun(self) -> str:
        """What it is called."""
        return "head"

    def __str__(self) -> str:
        return f"head {self.head}"

    def bound(self, entry: object) -> Bound:
        """Return the head as a column of its layer at the site of heads."""
        assert isinstance(entry, str)
        return Bound((self.head,), entry)


@dataclass(frozen=True, slots=True)
class HeadForm:
    """The form ``head 9:6``: a layer and the number of a head there, both from 0."""

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the word and the head."""
        return ((*literal("head"), LAST),)

    def read(self, words: Sequence[Word]) -> tuple[HeadReference, int]:
        """Read the two words.

        >>> from neuronclaims.sentences.field_types import split_words
        >>> str(HeadForm().read(split_words("head 9:6 lowers"))[0])
        'head 9:6'
        """
        return HeadReference(one_head(words, 1)), 2


def one_head(words: Sequence[Word], at: int, text: str | None = None) -> Neuron:
    """Read ``layer:head`` at a place; raise MisreadError with what was probably meant."""
    if at >= len(words):
        raise MisreadError(ahead=at, expected=(_A_HEAD,))
    written = words[at].text if text is None else text
    if words[at].quoted:
        raise MisreadError(ahead=at, expected=(_A_HEAD,))
    if exact := _HEAD.fullmatch(written):
        return Neuron(int(exact[1]), int(exact[2]))
    if nearly := _NEARLY.fullmatch(written):
        meant = f"{int(nearly[1])}:{int(nearly[2])}"
        raise MisreadError(f"a head is written layer:head, not {quoted(written)}", meant, at)
    if re.fullmatch(r"[0-9]+:?", written):
        raise MisreadError(f"{quoted(written)} is a layer without a head; a head is layer:head", ahead=at)
    raise MisreadError(ahead=at, expected=(_A_HEAD,))
