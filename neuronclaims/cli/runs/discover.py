"""``neuronclaims discover FILES --model MODEL --for SET``: neurons looked for, claims about them written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuronclaims.cli.groups import Without
from neuronclaims.cli.options import Force, RunFlags
from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError

if TYPE_CHECKING:
    from neuronclaims.discovery.question import Given
    from neuronclaims.discovery.search import SearchSettings

EXAMPLES = (
    "neuronclaims discover hanoi.txt baseline.txt --model demo --for hanoi --site mlp_post",
    "neuronclaims discover claims/places.claims.yaml --model demo --for hanoi --against baseline",
    "neuronclaims discover corpus.txt --model demo --kind prediction --token ' an' --site mlp_post",
    """neuronclaims discover pairs.csv --model demo --site mlp_post --kind restoration --outcome '" an" over " a"'""",
)
FILE = "found.claims.yaml"


@dataclass(frozen=True)
class SearchedPrompts:
    """The prompts: files of them, or a claim file that has them; and the columns that count."""

    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE", help="files of prompts, each a set called as the file is; or one claim file"
        ),
    ] = None
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=FILE", help="a set under another name; can be given several times"
        ),
    ] = None
    column: Annotated[
        str | None, typer.Option(metavar="NAME", help="the column that holds the prompts in all files")
    ] = None
    group: Annotated[str | None, typer.Option(metavar="NAME", help="the column that holds their groups")] = (
        None
    )
    pair: Annotated[str | None, typer.Option(metavar="NAME", help="the column that holds their pairs")] = None
    labels: Annotated[
        str | None, typer.Option(metavar="NAME", help="the column that holds labels of stretches of the text")
    ] = None

    @property
    def given(self) -> Given:
        """A claim file, or sets of prompt files by name. Raises NeuronClaimsError for what is neither."""
        columns = {"column": self.column, "group": self.group, "pair": self.pair, "labels": self.labels}
        said = {key: name for key, name in columns.items() if name is not None}
        return _given(self.files or [], self.sets or [], said)


@dataclass(frozen=True)
class SearchedSort:
    """Which neurons are looked for: those that a kind of claim could be about, of which sets."""

    target: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="SET", help="the set for which neurons are searched (default: the only one)"
        ),
    ] = None
    against: Annotated[
        str | None, typer.Option(metavar="SET", help="the set it is compared with (default: the other one)")
    ] = None
    kind: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help="contrast, separation or consistency; of one set prediction or ablation; of one list of pairs "
            "restoration or corruption",
        ),
    ] = "contrast"
    k: Annotated[int, typer.Option("--k", metavar="K", help="the top K of consistency")] = 10
    token: Annotated[
        str | None, typer.Option(metavar="TOKEN", help="prediction: the token, with its space, such as ' an'")
    ] = None
    matching: Annotated[
        str | None, typer.Option(metavar="REGEX", help="prediction: all tokens that match, such as '[0-9]+'")
    ] = None
    label: Annotated[
        str | None, typer.Option(metavar="LABEL", help="prediction: a label of the text, such as noun")
    ] = None


@dataclass(frozen=True)
class SearchedChange:
    """What neurons are to change, where they are looked for by a change of the model."""

    outcome: Annotated[
        str | None,
        typer.Option(
            metavar="OUTCOME", help="""what a change of neurons changes, such as '" an" over " a"'"""
        ),
    ] = None
    direction: Annotated[
        str | None,
        typer.Option(metavar="WAY", help="whether ablation lowers or raises it (default: lowers)"),
    ] = None
    replacement: Annotated[
        str | None,
        typer.Option(metavar="WHAT", help="what ablated neurons hold: zero (default), mean or resample"),
    ] = None
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TOKENS", help="the tokens at which neurons are changed, such as last (default: all)"
        ),
    ] = None
    best: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="neurons to change one by one, the first by attribution (default: 32)"
        ),
    ] = None
    beyond: Annotated[
        bool, typer.Option("--beyond-random", help="rank and claim what is beyond random neurons")
    ] = False


@dataclass(frozen=True)
class SearchedValues:
    """Which values are read."""

    site: Annotated[
        str | None, typer.Option(metavar="SITE", help="where neurons are read, such as mlp_post")
    ] = None
    tokens: Annotated[
        str | None, typer.Option(metavar="RULE", help="which tokens count (default: mean of prompt)")
    ] = None
    generate: Annotated[
        int | None,
        typer.Option(metavar="N", help="how many tokens to generate, for rules such as 'mean of generated'"),
    ] = None
    layers: Annotated[
        str | None, typer.Option(metavar="LAYERS", help="such as 'layers 3 to 8' (default: all)")
    ] = None


@dataclass(frozen=True)
class WrittenClaims:
    """The claims that are written, and their file."""

    top: Annotated[int, typer.Option(metavar="N", help="claims to write at most")] = 5
    anyway: Annotated[bool, typer.Option("--anyway", help="write claims though no neuron stands out")] = False
    out: Annotated[Path, typer.Option("-o", metavar="OUT", help="the claim file to write")] = Path(FILE)
    force: Force = False


def run(
    model: Annotated[
        str,
        typer.Option("--model", metavar="MODEL", help="demo, a folder, or a name of the Hugging Face hub"),
    ],
    prompts: SearchedPrompts,
    sort: SearchedSort,
    change: SearchedChange,
    values: SearchedValues,
    written: WrittenClaims,
    flags: Annotated[RunFlags, Without("matching", "models", "engine", "memory", "store")],
) -> int:
    """Search for neurons on one half of some prompts, and write claims for the other half.

    Groups, pairs and near copies stay on one side. All neurons of the site are ranked on one half; claims are made of
    those that stand out among all of them, with a number that the other half will probably show. Then test them: pytest
    found.claims.yaml. docs/discover.md explains all steps.
    """
    from neuronclaims.discovery.search import discover
    from neuronclaims.discovery.writing import check_out

    check_out(written.out, force=written.force)
    settings: SearchSettings = {
        "k": sort.k,
        "token": sort.token,
        "matching": sort.matching,
        "label": sort.label,
        "outcome": change.outcome,
        "direction": change.direction,
        "replacement": change.replacement,
        "at": change.at,
        "best": change.best,
        "beyond": change.beyond,
        "site": values.site,
        "tokens": values.tokens,
        "generate": None if values.generate is None else {"max_new_tokens": values.generate},
        "layers": values.layers,
        "anyway": written.anyway,
        "cache": flags.cache or True,
        "options": flags.load.options,
        "allow": flags.allowed,
    }
    found = discover(
        prompts.given,
        Path(model) if Path(model).is_dir() else model,
        sort.target,
        sort.against,
        kind=sort.kind,
        top=written.top,
        **settings,
    )
    say(repr(found))
    path = found.write(written.out, force=written.force)
    count = sum(each.claimed for each in found)
    say(f"{path} written: {count} claim{'' if count == 1 else 's'}. Test with: pytest {path}")
    return 0


def _given(files: list[Path], sets: list[str], said: dict[str, str]) -> Given:
    """Return a claim file, or sets of prompt files by name; raise NeuronClaimsError for what is neither."""
    from neuronclaims.discovery.question import YAML

    if any(file.suffix in YAML for file in files):
        if len(files) + len(sets) > 1 or said:
            raise NeuronClaimsError("A claim file is given alone, without other files, --set and columns.")
        return files[0]
    named = [(file.stem, str(file)) for file in files]
    for each in sets:
        name, equals, file = each.partition("=")
        if not (name and equals and file):
            raise NeuronClaimsError(f"--set {each} is no NAME=FILE, such as hanoi=prompts/cities.csv.")
        named.append((name, file))
    twice = [name for number, (name, _) in enumerate(named) if name in dict(named[:number])]
    if twice:
        raise NeuronClaimsError(
            f"Two sets are called {twice[0]}: give one another name with --set NAME=FILE."
        )
    if not named:
        raise NeuronClaimsError("Give files of prompts, one for each set, or a claim file that has sets.")
    return {name: {"file": file, **said} for name, file in named}
