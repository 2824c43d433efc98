"""``neuronclaims kinds [NAME]``: which sentences there are, or all about one kind of claim."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError

if TYPE_CHECKING:
    from neuronclaims.cli import Commands


class UnknownKindError(NeuronClaimsError):
    """A kind of claim that there is not."""


def add(commands: Commands) -> None:
    """Add the command."""
    text = "list the kinds of claim and how their sentences read, or tell all about one"
    kinds = commands.add_parser("kinds", help=text, description=f"{text[0].upper()}{text[1:]}.")
    kinds.add_argument("name", nargs="?", metavar="NAME", help="the name of a kind, such as contrast")
    kinds.set_defaults(run=_kinds)


def _kinds(options: argparse.Namespace) -> int:
    from neuronclaims.kinds import kinds
    from neuronclaims.kinds.pages import KindPage, slug_of
    from neuronclaims.sentences.messages import closest

    known = {kind.name: kind for kind in kinds()}
    if options.name is None:
        width = max(map(len, known))
        for name, kind in known.items():
            say(f"{name:<{width}}  {kind.template.shape}")
        return 0
    wanted = {slug_of(name): name for name in known}.get(options.name, options.name)
    if wanted not in known:
        near = closest(options.name, tuple(known))
        meant = f" Did you mean {near!r}?" if near else ""
        raise UnknownKindError(
            f"There is no kind of claim {options.name!r}.{meant} Kinds: {', '.join(known)}."
        )
    say(KindPage(known[wanted]).markdown.rstrip())
    return 0
