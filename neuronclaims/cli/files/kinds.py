"""``neuronclaims kinds [NAME]``: which sentences there are, or all about one kind of claim."""

from __future__ import annotations

from typing import Annotated

import typer

from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError

EXAMPLES = ("neuronclaims kinds", "neuronclaims kinds contrast")


class UnknownKindError(NeuronClaimsError):
    """A kind of claim that there is not."""


def run(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="the name of a kind, such as contrast")
    ] = None,
) -> int:
    """List the kinds of claim and how their sentences read, or describe one."""
    from neuronclaims.kinds import kinds
    from neuronclaims.kinds.pages import KindPage, slug_of
    from neuronclaims.sentences.messages import closest

    known = {kind.name: kind for kind in kinds()}
    if name is None:
        width = max(map(len, known))
        for each, kind in known.items():
            say(f"{each:<{width}}  {kind.template.shape}")
        return 0
    wanted = {slug_of(each): each for each in known}.get(name, name)
    if wanted not in known:
        near = closest(name, tuple(known))
        meant = f" Did you mean {near!r}?" if near else ""
        raise UnknownKindError(f"There is no kind of claim {name!r}.{meant} Kinds: {', '.join(known)}.")
    say(KindPage(known[wanted]).markdown.rstrip())
    return 0
