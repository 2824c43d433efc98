"""Who may import whom, read from the source of every module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "neuronclaims"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / PACKAGE).rglob("*.py"))
}
GROUND = {"errors", "sites", "stats", "sentences", "claim_files", "measurements", "figures", "results"}
RUNS = {"models", "cache", "engines"}
MAY_IMPORT = {
    "": {
        "errors",
        "lazy",
        "provenance",
        "results",
        "models",
        "study",
    },  # names for type checkers; loaded when used
    "errors": set(),
    "lazy": set(),
    "sites": set(),
    "stats": {"errors", "lazy"},
    "sentences": {"errors", "sites"},
    "claim_files": {"errors", "sentences", "sites"},
    "measurements": {"errors", "sites"},
    "figures": {"errors"},
    "results": {"figures", "errors"},
    "kinds": GROUND | {"lazy"},
    "models": {"measurements", "errors", "sites"},
    "cache": {"measurements", "models", "errors"},
    "engines": {"measurements", "models", "cache", "errors"},
    "corrections": GROUND | {"kinds"},
    "verdicts": GROUND | {"kinds", "corrections"},
    "provenance": GROUND | RUNS | {"kinds"},
    "answers": RUNS | {"measurements", "provenance"},
    "study": GROUND | RUNS | {"kinds", "corrections", "verdicts", "provenance", "answers"},
    "rematch": GROUND | RUNS | {"kinds", "study"},
    "baselines": GROUND | {""},
    "reports": {"figures", "results", "errors", ""},
    "pytest_session": GROUND
    | RUNS
    | {"kinds", "verdicts", "provenance", "study", "reports", "baselines", "rematch", ""},
    "plugin": {"pytest_session", "study"} | RUNS,
    "demo": set(),
}
"""Rooms, and the rooms each may import besides itself; '' is the package's own __init__."""
DOORS = {"plugin", "cli", "__main__"}
MODEL_LIBRARIES = {"torch", "transformers"}
RUNS_MODELS = {"engines.local"}
"""Modules that may import a model library as they are imported: nothing a warm run touches."""


def imports(tree: ast.AST, module: str, at_import: bool) -> Iterator[str]:
    """Names of modules imported; with ``at_import`` only those imported when the module itself is."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and at_import:
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            if not at_import:
                yield from imports(node, module, at_import)
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import in line {node.lineno}"
            yield from (
                [f"{node.module}.{alias.name}" for alias in node.names] if node.module == PACKAGE else []
            )
            if node.module != PACKAGE:
                yield node.module or ""
        yield from imports(node, module, at_import)


def parsed(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def room(module: str) -> str:
    """The room a module of ours is in: 'neuronclaims.cache.run_cache' is in 'runs'."""
    name = [*module.split("."), ""][1]
    return name if name in MAY_IMPORT or name in DOORS else ("" if name.startswith("__") else name)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_imports_only_the_rooms_it_stands_on(module: str) -> None:
    own = room(module)
    used = {
        room(name)
        for name in imports(parsed(module), module, at_import=False)
        if name.split(".")[0] == PACKAGE
    }
    if own not in DOORS - {"plugin"}:
        assert used - {own} <= MAY_IMPORT[own], f"{module} imports {sorted(used - {own} - MAY_IMPORT[own])}"
    assert not used & (DOORS - {own})


@pytest.mark.parametrize("module", MODULES)
def test_model_libraries_are_imported_only_by_what_runs_models(module: str) -> None:
    inside = module.removeprefix(f"{PACKAGE}.")
    heavy = {name.split(".")[0] for name in imports(parsed(module), module, at_import=True)} & MODEL_LIBRARIES
    if inside not in RUNS_MODELS and not inside.startswith("models.running"):
        assert not heavy
    everything = set(imports(parsed(module), module, at_import=False))
    assert not any(name == "scipy.stats" or name.startswith("scipy.stats.") for name in everything)


def test_the_walk_sees_every_room_and_a_forbidden_import() -> None:
    assert {room(module) for module in MODULES} - DOORS <= set(MAY_IMPORT)
    assert {f"{PACKAGE}.{name}" for name in RUNS_MODELS} <= set(MODULES)
    bad = ast.parse(
        "def f():\n    from neuronclaims.study import Study\nimport torch.nn\nfrom neuronclaims import plugin"
    )
    assert set(imports(bad, "bad", at_import=False)) == {
        "neuronclaims.study",
        "torch.nn",
        "neuronclaims.plugin",
    }
    assert set(imports(bad, "bad", at_import=True)) == {"torch.nn", "neuronclaims.plugin"}
