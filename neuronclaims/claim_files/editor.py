"""The JSON Schema of claim files, for editors: ``python -m neuronclaims.claim_files.editor > claims.schema.json``."""

from __future__ import annotations

import json
from typing import Any

from neuronclaims.claim_files.schema import WholeFile


def editor_schema() -> dict[str, Any]:
    """Return the JSON Schema of a claim file, as an editor that types YAML's scalars itself needs it."""
    schema: dict[str, Any] = _without_null(WholeFile.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Claim file"}


def schema_text() -> str:
    """Return the schema as it is kept in ``claims.schema.json``."""
    return json.dumps(editor_schema(), indent=2) + "\n"


def _without_null(node: Any) -> Any:
    """Drop titles, and null as a value: a key that has no value is left out, never written as null."""
    if isinstance(node, list):
        return [_without_null(item) for item in node if item != {"type": "null"}]
    if not isinstance(node, dict):
        return node
    kept = {
        key: _without_null(value)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
    options = kept.get("anyOf", ())
    if len(options) == 1:
        kept = {**options[0], **{key: value for key, value in kept.items() if key != "anyOf"}}
    return kept


if __name__ == "__main__":
    print(schema_text(), end="")
