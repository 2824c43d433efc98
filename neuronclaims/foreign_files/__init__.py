"""The one gate through which strangers' files are read: bytes, text and JSON (``bounded``), tensors (``tensors``)."""

from neuronclaims.foreign_files.bounded import (
    DEEPEST,
    MEGABYTE,
    MOST_DIGITS,
    MOST_VALUES,
    BoundError,
    ForeignFileError,
    Json,
    bounded_json,
    check_file,
    check_folder,
    parse_json,
    read_bytes,
    read_json,
    read_json_object,
    read_text,
)

__all__ = [
    "DEEPEST",
    "MEGABYTE",
    "MOST_DIGITS",
    "MOST_VALUES",
    "BoundError",
    "ForeignFileError",
    "Json",
    "bounded_json",
    "check_file",
    "check_folder",
    "parse_json",
    "read_bytes",
    "read_json",
    "read_json_object",
    "read_text",
]
