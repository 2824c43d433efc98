"""The JSON Schema of claim files, for editors: ``neuronclaims init`` writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from neuronclaims.claim_files.schema import FileSchema
from neuronclaims.sentences.options import Options, declared_options
from neuronclaims.sentences.templates import Template


def editor_schema(templates: Sequence[Template]) -> dict[str, Any]:
    """Return the JSON Schema of claim files for editors, which read YAML numbers as numbers."""
    schema: dict[str, Any] = _without_null(FileSchema.of(templates).whole_file.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Claim file"}


def schema_text(templates: Sequence[Template]) -> str:
    """Return the schema as it is kept in ``claims.schema.json``."""
    return json.dumps(editor_schema(templates), indent=2) + "\n"


def options_table(kinds: Mapping[str, type[Options]]) -> str:
    """Return a Markdown table of the options that some kinds take, given by the kinds' names.

    >>> from pydantic import Field
    >>> class SteeringOptions(Options):
    ...     drawn: int = Field(10, description="How many random directions are drawn.")
    >>> print(options_table({"steering": SteeringOptions}), end="")
    | option | of claims of | what it says |
    |---|---|---|
    | `drawn` | steering | How many random directions are drawn. |
    """
    rows = [
        f"| `{name}` | {', '.join(kind for kind, options in kinds.items() if name in options.model_fields)} "
        f"| {info.description} |"
        for name, info in declared_options(kinds).items()
    ]
    return "\n".join(["| option | of claims of | what it says |", "|---|---|---|", *rows, ""])


def _without_null(node: Any) -> Any:
    """Remove titles, Python examples and null values: a key without a value is left out, never null."""
    if isinstance(node, list):
        return [_without_null(item) for item in node if item != {"type": "null"}]
    if not isinstance(node, dict):
        return node
    kept = {
        key: _without_null(value)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
    if isinstance(kept.get("description"), str):
        kept["description"] = kept["description"].partition("\n\n>>> ")[0]
    options = kept.get("anyOf", ())
    if len(options) == 1:
        kept = {**options[0], **{key: value for key, value in kept.items() if key != "anyOf"}}
    return kept
