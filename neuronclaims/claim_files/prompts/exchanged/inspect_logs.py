"""Evaluation logs of Inspect AI as rows: what each sample gave the model, its target and its scores.

The format is ``EvalLog`` of ``inspect_ai.log``, version 2, as ``--log-format json`` and ``inspect log convert --to
json`` write it; ``packed_logs`` reads the same from ``.eval`` files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard

from neuronclaims.claim_files.yaml.source import ODD
from neuronclaims.foreign_files import Json

ATTACHED = "attachment://"
"""How a text begins that stands among the attachments of its sample."""

_UNNAMED = "88F74D2C"
"""What older logs write for the name of their only scorer."""


def is_inspect_log(content: Json) -> TypeGuard[dict[str, Json]]:
    """Say whether JSON is a log: it says what was evaluated, and has samples or would have them."""
    return isinstance(content, dict) and isinstance(content.get("eval"), dict) and "status" in content


def inspect_rows(
    log: Mapping[str, Json], samples: Iterable[Json] | None = None
) -> Iterator[dict[str, Json] | str]:
    """Yield a row for each sample (of the log, or of those given), or a sentence on what is wrong with it.

    ``messages`` are what stands before the first answer that the model gave, with the system message of a solver;
    ``input`` is the sample's own text, where it is one. ``score`` is the value of the only scorer, ``score.NAME`` that
    of each.

    >>> sample = {"id": 1, "epoch": 1, "input": "2 + 2 =", "target": "4", "scores": {"match": {"value": "C"}}}
    >>> log = {"status": "success", "eval": {"model": "hf/gpt2", "task": "sums"}, "samples": [sample]}
    >>> [row] = inspect_rows(log)
    >>> row["input"], row["model"], row["score"], row["messages"]
    ('2 + 2 =', 'hf/gpt2', 'C', [{'role': 'user', 'content': '2 + 2 ='}])
    """
    told = _object(log.get("eval"))
    # "metadata" of the log are those of its evaluation, with what was edited later
    metadata = _object(told.get("metadata")) | _object(log.get("metadata"))
    common: dict[str, Json] = {
        "model": told.get("model"),
        "task": told.get("task"),
        "status": log.get("status"),
        "fingerprint": metadata.get("fingerprint"),
    }
    inside = log.get("samples")
    for sample in samples if samples is not None else inside if isinstance(inside, list) else []:
        try:
            yield {**common, **_sample(_object(sample))}
        except _UnreadableError as error:
            yield str(error)


class _UnreadableError(Exception):
    """A sample that is not read; the message says why."""


def _sample(sample: Mapping[str, Json]) -> dict[str, Json]:
    attached = _object(sample.get("attachments"))
    given = sample.get("input")
    text = _text(given, attached) if isinstance(given, str) else None
    row: dict[str, Json] = {
        "id": sample.get("id"),
        "epoch": sample.get("epoch"),
        "input": text,
        "messages": _prompt(sample, text, attached),
        "answer": _answer(_object(sample.get("output")), attached),
        "target": sample.get("target"),
        "error": _object(sample.get("error")).get("message"),
        "invalidated": sample.get("invalidation") is not None,
    }
    row |= {f"metadata.{key}": value for key, value in _object(sample.get("metadata")).items()}
    row |= _scores(_object(sample.get("scores")))
    # only what is measured has to be whole: an odd sign elsewhere must not cost the other samples
    return {key: value for key, value in row.items() if key == "input" or not _odd(value)}


def _prompt(sample: Mapping[str, Json], text: str | None, attached: Mapping[str, Json]) -> list[Json]:
    """Return the messages before the first that the model gave; answers that stood in the input are none of these."""
    messages = sample.get("messages")
    if not isinstance(messages, list) or not messages:
        given = sample.get("input")
        messages = [{"role": "user", "content": text}] if text is not None else given
    found: list[Json] = []
    for each in messages if isinstance(messages, list) else []:
        message = _object(each)
        if message.get("role") == "assistant" and message.get("source") != "input":
            break
        found.append({"role": message.get("role"), "content": _content(message.get("content"), attached)})
    return found


def _content(content: Json, attached: Mapping[str, Json]) -> Json:
    """Return the text of a message; of one with other parts what they are, so that who takes it is told."""
    parts = [_object(part) for part in content] if isinstance(content, list) else []
    if any(part.get("type") != "text" for part in parts):
        return [{"type": part.get("type")} for part in parts]
    return _text(content, attached)


def _answer(output: Mapping[str, Json], attached: Mapping[str, Json]) -> Json:
    choices = output.get("choices")
    if not isinstance(choices, list) or not choices:
        return None
    answer = _object(_object(choices[0]).get("message")).get("content")
    try:
        text = _text(answer, attached)
    except _UnreadableError:  # it is no prompt, so nothing depends on it
        return None
    return text


def _scores(scores: Mapping[str, Json]) -> dict[str, Json]:
    """Return the values of all scorers by name, those of a scorer with several by both names."""
    found: dict[str, Json] = {}
    for name, score in scores.items():
        value = _object(score).get("value")
        own = "score" if name == _UNNAMED else f"score.{name}"
        if isinstance(value, dict):
            found |= {f"{own}.{key}": each for key, each in value.items()}
        else:
            found[own] = value
    if len(found) == 1:
        found["score"] = next(iter(found.values()))
    return found


def _text(content: Json, attached: Mapping[str, Json]) -> str:
    """Return the text of a content: a text, an attached one, or parts that are all texts."""
    if isinstance(content, list):
        parts = [_object(part) for part in content]
        other = next((part.get("type") for part in parts if part.get("type") != "text"), None)
        if other is not None or not parts:
            raise _UnreadableError(f"a message holds {other or 'nothing'}: only text can be measured")
        return "".join(_text(part.get("text"), attached) for part in parts)
    if not isinstance(content, str):
        raise _UnreadableError("a message has no text")
    if not content.startswith(ATTACHED):
        return content
    found = attached.get(content.removeprefix(ATTACHED))
    if not isinstance(found, str):
        raise _UnreadableError(f"the text {content[:60]} is not among the sample's attachments")
    return found


def _odd(value: Json) -> bool:
    return isinstance(value, str) and ODD.search(value) is not None


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
