"""The commands as one typer application, in which each command is loaded when it is called."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from neuronclaims import __version__
from neuronclaims.cli.groups import flat
from neuronclaims.cli.output import say
from neuronclaims.cli.registry import COMMANDS, Command
from neuronclaims.errors import NeuronClaimsError

PROGRAM = "neuronclaims"
ABOUT = "Findings about neurons in language models, written as one sentence and tested by pytest."
COMPLETION = ("install_completion", "show_completion")
SETTINGS = {"help_option_names": ["-h", "--help"]}


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name, and return its exit status. Raises SystemExit for wrong arguments."""
    try:
        return int(application().main(arguments, PROGRAM, standalone_mode=False) or 0)
    except typer.TyperException as error:
        _say_misused(error)
        raise SystemExit(2) from None
    except typer.Abort:  # a question was asked, and nobody was there to answer
        return 1


def application() -> Commands:
    """Return the application, with a placeholder for each command."""
    app = typer.Typer(cls=Commands, help=ABOUT, no_args_is_help=True, context_settings=SETTINGS)
    app.callback()(_root)
    group = typer.main.get_command(app)
    assert isinstance(group, Commands)
    return group.holding(COMMANDS)


class Commands(TyperGroup):
    """A group of commands that are loaded one by one; until then, placeholders say their names and sentences."""

    entries: dict[str, Command]

    def holding(self, entries: Sequence[Command]) -> Commands:
        """Return the group itself, with a placeholder for each of these commands."""
        self.entries = {entry.name: entry for entry in entries}
        for entry in entries:
            self.add_command(TyperCommand(entry.name, help=entry.summary, rich_help_panel=entry.title))
        return self

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options, told without types of Python."""
        return _untyped(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, with colours in a terminal alone."""
        _forced_colours_off()
        super().format_help(ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name, the loaded command and the other arguments."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and loaded(self.entries[command.name or ""]), rest

    def invoke(self, ctx: Any) -> Any:
        """Run a command, and tell what it refuses in one sentence."""
        from neuronclaims.engines.remote.whole_run import WHOLE_RUN

        try:
            with WHOLE_RUN.joined():
                return super().invoke(ctx)
        except NeuronClaimsError as error:
            say(f"{PROGRAM}: {error}", file=sys.stderr)
            return 1
        except BrokenPipeError:  # whoever was reading, such as head, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1


class OneCommand(TyperCommand):
    """A command whose help shows brackets as they are written, and no types of Python."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the arguments and options, told without types of Python."""
        return _untyped(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help; what Rich would take for its own markup is escaped first."""
        _forced_colours_off()
        self.help, self.epilog = _plain(self.help), _plain(self.epilog)
        for param in self.params:
            param.help = _plain(param.help)  # type: ignore[attr-defined]
        super().format_help(ctx, formatter)


def loaded(entry: Command) -> TyperCommand | Commands:
    """Return a command, or a group of its actions, ready to be called."""
    if entry.actions:
        app = typer.Typer(cls=Commands, help=entry.summary, no_args_is_help=True, add_completion=False)
        app.callback()(lambda: None)
        group = typer.main.get_command(app)
        assert isinstance(group, Commands)
        return group.holding(entry.actions)
    function, examples = entry.load()
    app = typer.Typer(add_completion=False)
    text = "\n\n".join(" ".join(part.split()) for part in (function.__doc__ or "").split("\n\n"))
    shown = "\n".join(("Examples:" if examples[1:] else "Example:", *examples))
    app.command(entry.name, cls=OneCommand, help=text, epilog=shown)(flat(function))
    command = typer.main.get_command(app)
    assert isinstance(command, TyperCommand)
    return command


def _say_version(asked: bool) -> None:
    if asked:
        say(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and exit."),
    ] = False,
) -> None:
    pass


def _unsaid(ctx: Any) -> None:  # typer names it
    pass


def _untyped(params: list[Any]) -> list[Any]:
    """Return arguments and options without the types that typer would print beside them."""
    for param in params:
        if isinstance(param, TyperArgument):
            param.display_type_rich = _unsaid  # type: ignore[method-assign]
        elif isinstance(param, TyperOption) and (param.is_flag or param.name in COMPLETION):
            param.metavar = ""
    return params


def _forced_colours_off() -> None:
    """Let Rich see for itself whether there is a terminal: typer takes any job of GitHub for one."""
    from typer import rich_utils

    rich_utils.FORCE_TERMINAL = None


def _plain(text: str | None) -> str | None:
    return text and re.sub(r"(\\*)(\[[a-z#/@])", r"\1\1\\\2", text)


def _say_misused(error: typer.TyperException) -> None:
    """Tell what is wrong with the arguments, and what was meant."""
    context = getattr(error, "ctx", None)
    near: Sequence[str] = getattr(error, "possibilities", None) or ()
    message = error.message if near else error.format_message()
    if not message or type(error).__name__ == "NoArgsIsHelpError":  # the help is printed by now
        return
    meant = f". Did you mean {' or '.join(near)}?" if near else ""
    message = message.replace(": Value error, ", ": ")  # pydantic's words, of a choice that there is not
    path = context.command_path if context else PROGRAM
    if context:
        say(context.get_usage(), file=sys.stderr)
    say(f"{path}: {message}{meant}", f"Try: {path} --help", file=sys.stderr)
