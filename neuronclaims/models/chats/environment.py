"""Run chat templates, which are code of strangers, as Transformers does, but within bounds and on no particular day.

A template runs in Jinja's sandbox. Its loops, the texts that it joins and what it writes are bounded. "Today" is always
``TODAY``, so that a template that writes the date gives the same text, and the same values, every day.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2 import Template, TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

TODAY = datetime(2024, 7, 26)
"""The day on which all templates run: the one that Llama 3 writes where it is not told another."""

LONGEST_TEMPLATE, LONGEST_TEXT, MOST_STEPS = 1_000_000, 4_000_000, 1_000_000
"""The most characters of a template and of a text that it makes, and how often its loops go round."""


class TemplateBoundError(TemplateError):
    """A template that does more than any template of a chat has to."""


def render(template: str, variables: Mapping[str, Any]) -> str:
    """Return what a chat template makes of its variables; raise whatever Jinja raises, or TemplateBoundError.

    >>> render("{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}", {"messages": [
    ...     {"role": "user", "content": "Where is Hanoi?"}]})
    '<user>Where is Hanoi?'
    """
    if len(template) > LONGEST_TEMPLATE:
        raise TemplateBoundError(f"it has {len(template):,} characters; {LONGEST_TEMPLATE:,} are the most")
    compiled = _compiled(template)
    steps = compiled.environment.filters["counted"]
    steps.left = MOST_STEPS
    parts, size = [], 0
    for part in compiled.generate(**variables):
        parts.append(part)
        size += len(part)
        _check(size)
    return "".join(parts)


@lru_cache(maxsize=16)
def _compiled(template: str) -> Template:
    environment = _Environment(trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols])
    environment.filters |= {"tojson": _to_json, "counted": _Steps(), "joined": _joined}
    del environment.filters["random"]  # the same chat is always the same text
    environment.globals |= {"raise_exception": _raise, "strftime_now": TODAY.strftime}
    bounded: nodes.Template = _Bounding().visit(environment.parse(template))
    return environment.from_string(bounded)


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which no sum or product of texts and lists grows out of bounds."""

    intercepted_binops = frozenset(("+", "*", "**"))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Work out ``left OPERATOR right``, where that is not too large."""
        if operator == "**":
            raise TemplateBoundError("it takes powers of numbers, which no chat needs")
        sizes = [len(each) if isinstance(each, Sequence) else None for each in (left, right)]
        if operator == "+" and None not in sizes:
            _check(sum(size or 0 for size in sizes))
        if operator == "*":
            _check(_product(left, right, *sizes))
        return super().call_binop(context, operator, left, right)


def _product(left: Any, right: Any, *sizes: int | None) -> int:
    """Return how large a product is: the length of a repeated text, or a number itself."""
    factors = [size if size is not None else each for each, size in zip((left, right), sizes, strict=True)]
    numbers = [abs(each) for each in factors if isinstance(each, (int, float))]
    return int(operator.mul(*numbers)) if len(numbers) == 2 else 0


class _Bounding(NodeTransformer):
    """Let loops count their steps, and ``~`` the characters that it joins."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        """Count the steps of a loop."""
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "counted", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """Join texts within bounds."""
        self.generic_visit(node)
        listed = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(listed, "joined", [], [], None, None, lineno=node.lineno)


class _Generation(Extension):
    """The tag ``generation``, by which some templates mark what the assistant says: it writes what it holds."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> nodes.Node:
        """Read the tag, what it holds, and its end."""
        line = next(parser.stream).lineno
        return nodes.Scope(parser.parse_statements(("name:endgeneration",), drop_needle=True), lineno=line)


@dataclass(slots=True, eq=False)
class _Steps:
    """How often the loops of one template may still go round."""

    left: int = MOST_STEPS

    def __call__(self, values: Iterable[Any]) -> Iterator[Any]:
        """Yield some values, each as one step."""
        for value in values:
            self.left -= 1
            if self.left < 0:
                raise TemplateBoundError(f"its loops go round more than {MOST_STEPS:,} times")
            yield value


def _joined(values: Iterable[Any]) -> str:
    texts = [str(value) for value in values]
    _check(sum(map(len, texts)))
    return "".join(texts)


def _check(size: int) -> None:
    if size > LONGEST_TEXT:
        raise TemplateBoundError(f"it makes a text or a list of {size:,}; {LONGEST_TEXT:,} are the most")


def _raise(message: object) -> None:
    raise TemplateError(str(message))


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )
