"""Who may import whom, and how large things may grow, read from the source of every module; one test for a rule."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from cases import for_each

ROOT = Path(__file__).parents[1]
PACKAGE = "neuronclaims"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / PACKAGE).rglob("*.py"))
}
GROUND = {
    "errors",
    "foreign_files",
    "foreign_text",
    "prompts",
    "publications",
    "robustness",
    "loading",
    "set_accounts",
    "sites",
    "stats",
    "sentences",
    "claim_files",
    "measurements",
    "figures",
    "results",
    "token_classes",
    "tokens",
}
RUNS = {"models", "cache", "engines"}
MAY_IMPORT = {
    "": {
        "discovery",
        "errors",
        "graders",
        "lazy",
        "provenance",
        "results",
        "models",
        "scripting",
        "study",
    },  # names for type checkers; loaded when used
    "errors": {"foreign_text"},
    "graders": {"errors"},
    "foreign_files": {"errors"},
    "foreign_text": set(),
    "lazy": set(),
    "prompts": set(),
    "loading": {"errors"},
    "run_settings": {"loading"},
    "sites": set(),
    "token_classes": set(),
    "stats": {"errors", "lazy"},
    "sentences": {"errors", "foreign_text", "sites", "token_classes"},
    "tokens": {"errors", "foreign_text", "prompts", "sentences"},
    "publications": set(),
    "robustness": set(),
    "gallery": {"errors", "sentences"},
    "set_accounts": {"sentences"},
    "naming": {"errors", "foreign_text", "sentences"},
    "claim_files": {
        "naming",
        "errors",
        "foreign_files",
        "foreign_text",
        "measurements",
        "prompts",
        "publications",
        "loading",
        "sentences",
        "set_accounts",
        "sites",
        "tokens",
    },
    "measurements": {"lazy", "errors", "foreign_files", "prompts", "sites", "token_classes", "tokens"},
    "figures": {"errors"},
    "results": {"figures", "errors", "publications", "robustness", "set_accounts", "tokens"},
    "kinds": GROUND | {"graders", "lazy"},
    "models": {
        "measurements",
        "errors",
        "foreign_files",
        "foreign_text",
        "loading",
        "prompts",
        "sites",
        "token_classes",
        "tokens",
    },
    "cache": {"measurements", "models", "errors", "foreign_files", "foreign_text", "prompts"},
    "engines": {"measurements", "models", "cache", "errors", "foreign_text", "loading", "prompts"},
    "corrections": GROUND | {"kinds"},
    "planning": GROUND | RUNS | {"kinds", "corrections", "reports"},
    "provenance": GROUND | RUNS | {"kinds"},
    "answers": RUNS | {"measurements", "provenance"},
    "judging": GROUND | RUNS | {"kinds", "corrections", "planning", "provenance", "answers"},
    "kept": {"cache", "claim_files", "errors", "foreign_files", "loading", "models", "reports", "results"},
    "study": GROUND | RUNS | {"kinds", "judging", "provenance", "answers", "graders", "kept"},
    "scripting": GROUND | RUNS | {"kinds", "judging", "naming", "planning", "reports", "study", ""},
    "discovery": GROUND | RUNS | {"kinds", "provenance", "answers", "scripting", "rematch", "reports"},
    "rematch": GROUND | RUNS | {"kinds", "study"},
    "baselines": GROUND | {"naming", ""},
    "reports": {
        "naming",
        "figures",
        "results",
        "set_accounts",
        "tokens",
        "errors",
        "foreign_files",
        "foreign_text",
        "",
    },
    "pytest_session": GROUND
    | RUNS
    | {
        "naming",
        "planning",
        "corrections",
        "kinds",
        "kept",
        "judging",
        "provenance",
        "study",
        "reports",
        "baselines",
        "rematch",
        "run_settings",
        "",
    },
    "plugin": {"pytest_session", "study"} | RUNS,
    "demo": set(),
}
"""Rooms, and the rooms each may import besides itself; '' is the package's own __init__."""
DOORS = {"plugin", "cli", "__main__"}
MODEL_LIBRARIES = {"torch", "transformers"}
RUNS_MODELS = {"engines.local"}
"""Modules that may import a model library as they are imported: nothing a warm run touches."""
MOST_ARGUMENTS, MOST_FILES = 8, 15


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


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def room(module: str) -> str:
    """The room a module of ours is in: 'neuronclaims.cache.run_cache' is in 'runs'."""
    name = [*module.split("."), ""][1]
    return name if name in MAY_IMPORT or name in DOORS else ("" if name.startswith("__") else name)


@for_each("module", MODULES)
def test_every_module_imports_only_the_rooms_it_stands_on(module: str) -> None:
    own = room(module)
    used = {
        room(name)
        for name in imports(parsed(module), module, at_import=False)
        if name.split(".")[0] == PACKAGE
    }
    if own not in DOORS - {"plugin"}:
        assert used - {own} <= MAY_IMPORT[own], f"{module} imports {sorted(used - {own} - MAY_IMPORT[own])}"
    opens = {own, "cli"} if own == "__main__" else {own}  # it is the command line under another name
    assert not used & (DOORS - opens)


@for_each("module", MODULES)
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


def definitions(kind: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    """Every definition of a kind, nested ones too, and the module it stands in; the demo model's code is left out."""
    for module in MODULES:
        if room(module) != "demo":
            yield from ((module, node) for node in ast.walk(parsed(module)) if isinstance(node, kind))


def arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many arguments a function takes, ``self`` left out; ``*args`` and ``**kwargs`` are one each."""
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    rest = sum(each is not None for each in (given.vararg, given.kwarg))
    return len(names) - (names[:1] in (["self"], ["cls"])) + rest


def test_no_two_classes_have_one_name() -> None:
    places = defaultdict(list)
    for module, found in definitions(ast.ClassDef):
        places[found.name].append(module)
    assert {name: at for name, at in places.items() if len(at) > 1} == {}


def test_no_function_takes_more_than_eight_arguments() -> None:
    counts = {
        f"{module}.{found.name}": arguments(found)
        for kind in (ast.FunctionDef, ast.AsyncFunctionDef)
        for module, found in definitions(kind)
    }
    assert {name: n for name, n in counts.items() if n > MOST_ARGUMENTS} == {}
    assert arguments(ast.parse("def f(self, a, /, b, *args, c=1, **kwargs): pass").body[0]) == 5


def test_no_folder_holds_more_than_fifteen_files() -> None:
    counts = Counter(str(path.parent.relative_to(ROOT)) for path in MODULES.values())
    assert {folder: n for folder, n in counts.items() if n > MOST_FILES} == {}


def files_imported(tree: ast.AST, names: set[str]) -> Iterator[str]:
    """Those of our modules that are imported when a module is or one of its functions runs; not for types alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module in names:
            below = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in names else node.module for name in below)
        yield from files_imported(node, names)


def circle(imported: dict[str, set[str]]) -> list[str]:
    """Modules that import one another in a circle, from one back to itself; none gives an empty list."""
    done: set[str] = set()

    def follow(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for other in sorted(imported[module]):
            found = follow(other, [*path, module])
            if found:
                return found
        done.add(module)
        return []

    return next(filter(None, (follow(module, []) for module in sorted(imported))), [])


def test_no_files_import_one_another_in_a_circle() -> None:
    names = set(MODULES)
    imported = {module: set(files_imported(parsed(module), names)) - {module} for module in MODULES}
    assert sum(map(len, imported.values())) > len(MODULES)
    assert circle(imported) == []
    assert circle({"a": {"b"}, "b": {"c"}, "c": set(), "d": {"a", "c"}}) == []
    assert circle({"d": {"a"}, "a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
    within = ast.parse("def f():\n    from p import x, y\nif TYPE_CHECKING:\n    import p.z\nimport p.x, os")
    assert sorted(files_imported(within, {"p", "p.x", "p.z"})) == ["p", "p.x", "p.x"]


def test_every_path_and_name_in_the_guide_is_there():
    """Paths are those of the repository, of the package, or of the room or the file that the line begins with."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for line in re.sub(r"\n +", " ", text).splitlines():
        paths = re.findall(r"`([\w/.]+(?:/|\.py|\.md))`", line)
        room = ROOT / PACKAGE / paths[0] if paths else ROOT
        roots = ROOT / PACKAGE, ROOT, room, room.parent
        for path in paths:
            assert any((root / path).exists() for root in roots), (path, line)
        for path, names in re.findall(r"`([\w/.]+\.py)` \(((?:`\w+`(?:, )?)+)\)", line):
            source = next(root / path for root in roots if (root / path).exists()).read_text(encoding="utf-8")
            for name in re.findall(r"\w+", names):
                assert re.search(rf"(?:class|def) {name}\b|^{name}\b.*=", source, re.MULTILINE), (name, path)
