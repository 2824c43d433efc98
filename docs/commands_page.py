"""Write docs/commands.md from the commands' own help.

python docs/commands_page.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.core import TyperArgument, TyperCommand

from neuronclaims.cli.application import PROGRAM, loaded
from neuronclaims.cli.registry import COMMANDS, Command

HERE = Path(__file__).parent
PAGE = HERE / "commands.md"


def page() -> str:
    """Return the page."""
    opening = (HERE / "commands_opening.txt").read_text(encoding="utf-8").rstrip()
    parts = [opening]
    for title in dict.fromkeys(command.title for command in COMMANDS):
        parts.append(f"## {title}")
        for command in COMMANDS:
            if command.title == title:
                parts += _command((PROGRAM, command.name), command)
    return "\n\n".join(parts) + "\n"


def _command(words: tuple[str, ...], command: Command) -> Iterator[str]:
    if command.actions:
        for action in command.actions:
            yield from _command((*words, action.name), action)
        return
    made = loaded(command)
    assert isinstance(made, TyperCommand)
    path = " ".join(words)
    arguments = [param for param in made.params if isinstance(param, TyperArgument)]
    options = [param for param in made.params if not isinstance(param, TyperArgument)]
    usage = [path, *(["[OPTIONS]"] if options else []), *map(_argument, arguments)]
    yield f"### {path}"
    yield (made.help or "").replace("*", "\\*")
    yield "```text\n" + " ".join(usage) + "\n```"
    yield "<!-- not run: the examples of the help -->\n```sh\n" + "\n".join(command.load()[1]) + "\n```"
    rows = [(_code(_argument(each)), each) for each in arguments] + [
        (_code(f"{', '.join(each.opts)} {_value(each)}".strip()), each) for each in options
    ]
    if rows:
        table = [f"| {name} | {_help(param)} |" for name, param in rows]
        yield "\n".join(["| | |", "|---|---|", *table])


def _argument(param: Any) -> str:
    name = f"{param.metavar}{'...' if param.nargs == -1 else ''}"
    return name if param.required else f"[{name}]"


def _value(param: Any) -> str:
    if param.is_flag:
        return ""
    return param.metavar or "|".join(
        str(getattr(each, "value", each)) for each in param.type_descriptor.choices or ()
    )


def _help(param: Any) -> str:
    text = str(param.help)
    if param.required and not isinstance(param, TyperArgument):
        text += " (required)"
    elif param.default not in (None, "", False) and param.show_default:
        text += f" (default: {param.default})"
    return text.replace("|", "\\|")


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
