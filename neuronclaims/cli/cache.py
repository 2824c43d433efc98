"""``neuronclaims cache info | verify | prune --older-than 30d --max-size 2GB | clear``."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from neuronclaims.cache.layout import is_folder, is_link
from neuronclaims.cli.output import say
from neuronclaims.foreign_text import one_line

if TYPE_CHECKING:
    from neuronclaims.cache.maintenance import Freed
    from neuronclaims.cache.run_cache import RunCache
    from neuronclaims.cli import Commands

FOLDER = ".neuronclaims"
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
BYTES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def add(commands: Commands) -> None:
    """Add the command and its actions."""
    cache = commands.add_parser("cache", help="look after what was measured")
    actions = cache.add_subparsers(required=True, metavar="ACTION")
    for name, run, text in (
        ("info", _info, "say what is kept, for which models, and how much of it"),
        ("verify", _verify, "read everything and compare checksums; set aside what is damaged"),
        ("prune", _prune, "make room: what was not used for long, or all that is too much"),
        ("clear", _clear, "remove everything that was measured"),
    ):
        action = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        action.add_argument(
            "--cache", type=Path, metavar="DIR", help=f"the cache (default: the nearest {FOLDER})"
        )
        action.set_defaults(run=run)
        if name == "prune":
            action.add_argument("--older-than", type=_age, metavar="AGE", help="such as 30d, 12h, 2w")
            action.add_argument("--max-size", type=_size, metavar="SIZE", help="such as 500MB, 2GB")


def _info(options: argparse.Namespace) -> int:
    from neuronclaims.cache.maintenance import contents, foreign

    cache = _cache(options)
    kept = contents(cache)
    size = _bytes(sum(each.size for each in kept))
    say(f"{cache.folder}: {size} for {len(kept)} models and ways to run them")
    if cache.distrust:
        say(one_line(f"not read by a run without --claims-trust-cache: {cache.distrust}"))
    for each in kept:
        about = dict(each.about or {})
        name = about.pop("model", "a model that no context.json names")
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.used))
        say("", one_line(f"{name} ({each.folder.name})"))
        say(f"  {each.prompts:,} texts in {len(each.files):,} files, {_bytes(each.size)}, last used {used}")
        if about:
            say("  " + one_line(", ".join(f"{key} {value}" for key, value in about.items())))
        if each.leftovers:
            say(
                f"  {len(each.leftovers)} leftovers of runs that were killed, or damaged files: prune removes them"
            )
    _say_foreign(foreign(cache))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from neuronclaims.cache.maintenance import foreign, verify

    cache = _cache(options)
    count, damaged = verify(cache)
    for line in damaged:
        say(one_line(f"damaged, set aside: {line}"))
    _say_foreign(foreign(cache))
    say(f"{count:,} files read, {len(damaged)} damaged" + (": they are measured again" if damaged else ""))
    return 1 if damaged else 0


def _prune(options: argparse.Namespace) -> int:
    from neuronclaims.cache.maintenance import prune

    return _report(prune(_cache(options), older_than=options.older_than, max_size=options.max_size))


def _clear(options: argparse.Namespace) -> int:
    from neuronclaims.cache.maintenance import clear

    return _report(clear(_cache(options)))


def _report(freed: Freed) -> int:
    say(f"removed {freed.files:,} files, {_bytes(freed.size)}")
    for name in freed.busy:
        say(f"left alone: {name}, which a run measures right now")
    _say_foreign(freed.foreign)
    return 1 if freed.foreign else 0


def _say_foreign(paths: Iterable[Path]) -> None:
    for path in paths:
        say(one_line(f"left alone: {path}, which is {_kind(path)} that the cache did not write"))


def _kind(path: Path) -> str:
    if is_link(path):
        return "a link"
    return "a folder" if is_folder(path) else "a file"


def _cache(options: argparse.Namespace) -> RunCache:
    from neuronclaims.cache.run_cache import RunCache

    if options.cache is not None:
        return RunCache(options.cache)
    here = Path.cwd()
    nearest = (folder / FOLDER for folder in (here, *here.parents) if (folder / FOLDER).is_dir())
    return RunCache(next(nearest, here / FOLDER))


def _age(text: str) -> float:
    return _measured(text, SECONDS, "30d")


def _size(text: str) -> int:
    return int(_measured(text.upper(), BYTES, "2GB"))


def _measured(text: str, units: dict[str, int], example: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", text.strip())
    if found is None or found[2] not in units:
        raise argparse.ArgumentTypeError(f"write a number with one of {', '.join(units)}, such as {example}")
    return float(found[1]) * units[found[2]]


def _bytes(size: int) -> str:
    for name, unit in reversed(BYTES.items()):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return "0 B"
