"""Names of claims: where they begin, what may be written instead of them, and names that begin at other folders."""

from __future__ import annotations

import pytest
from _pytest.config.findpaths import determine_setup
from cases import for_each
from hypothesis import given
from hypothesis import strategies as st

from neuronclaims.naming import ClaimName, NoSuchClaimError, Wanted, file_name, marked_root, project_root
from neuronclaims.naming.prefixes import changed, prefix_between

TREES = {
    "settings above": ({"pytest.ini": "", "a/tox.ini": "[tox]\n", "a/setup.cfg": "[metadata]\n"}, "."),
    "the nearest settings": (
        {"pytest.ini": "", "a/pyproject.toml": "[tool.pytest.ini_options]\naddopts = ''\n"},
        "a",
    ),
    "settings before a mark": ({"tox.ini": "[pytest]\n", "a/pyproject.toml": "[project]\nname = 'x'\n"}, "."),
    "a mark": ({"pyproject.toml": "[project]\nname = 'x'\n", "a/setup.py": ""}, "."),
    "setup.py alone": ({"a/setup.py": ""}, "a"),
    "another section": ({"setup.cfg": "[tool:pytest]\n", "a/b/tox.ini": "[testenv]\n"}, "."),
}


@for_each("tree", list(TREES))
def test_the_project_is_pytests_rootdir(tmp_path_factory, monkeypatch, tree) -> None:
    files, expected = TREES[tree]
    root = tmp_path_factory.mktemp("tree")
    for name, text in {**files, "a/b/x.claims.yaml": ""}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    file = root / "a/b/x.claims.yaml"
    of_pytest = determine_setup(
        inifile=None, override_ini=None, args=[str(file)], rootdir_cmd_arg=None, invocation_dir=root
    )[0]
    assert marked_root(file) == of_pytest == root / expected
    for here in (root, root / "a", root / "a/b"):  # whatever the working folder, and pytest's rootdir for it
        monkeypatch.chdir(here)
        assert project_root(file) == root / expected
        assert file_name(file) == file_name(file, of_pytest) == file.relative_to(root / expected).as_posix()


def test_without_a_project_names_begin_at_pytests_rootdir(tmp_path, monkeypatch) -> None:
    file = tmp_path / "a" / "x.claims.yaml"
    file.parent.mkdir()
    if marked_root(file) is not None:
        pytest.skip("the folder of temporary files lies in a project")
    assert file_name(file, tmp_path) == "a/x.claims.yaml"
    assert file_name(file, file.parent) == "x.claims.yaml"
    monkeypatch.chdir(tmp_path)
    assert file_name(file) == "a/x.claims.yaml"
    monkeypatch.chdir("/")
    (file.parent / "pytest.ini").touch()
    assert file_name(file, tmp_path) == "x.claims.yaml"


NAMES = [
    ClaimName(f"{folder}/x.claims.yaml", model, name)
    for folder in ("claims", "claims/sub")
    for model in ("demo", "ours")
    for name in ("hanoi", "tulip")
] + [ClaimName("claims/y.claims.yaml", "demo", "alone")]


def test_a_claim_is_found_by_what_people_write(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "claims/sub").mkdir(parents=True)
    file = tmp_path / "claims/x.claims.yaml"
    file.touch()
    own = ClaimName("claims/x.claims.yaml", "ours", "hanoi")
    for text in (str(own), f"{file}::ours::hanoi", "claims/sub/../x.claims.yaml::ours::hanoi"):
        assert Wanted.parse(text).one(NAMES) == own
    monkeypatch.chdir(tmp_path / "claims")
    assert Wanted.parse("x.claims.yaml::ours::hanoi").one(NAMES) == own
    for text in ("alone", "demo::alone", "y.claims.yaml::alone"):
        assert Wanted.parse(text).one(NAMES) == NAMES[-1]
    for text, says in {
        "hanoi": "is the id of claims in several files: name one of 'claims/x.claims.yaml::demo::hanoi', ",
        "x.claims.yaml::hanoi": "ran on several models: name one of 'claims/x.claims.yaml::demo::hanoi', ",
        "claims/y.claims.yaml::alnoe": "Did you mean 'claims/y.claims.yaml::alone'?",
        "ours::alone": "Did you mean",
        "y.claims.yaml": "names no claim: write FILE::ID",
        "::": "names no claim",
    }.items():
        with pytest.raises(NoSuchClaimError) as error:
            Wanted.parse(text).one(NAMES)
        assert says in str(error.value)


@given(
    st.lists(st.sampled_from(["x", "y", "a/x", "a/y", "b/x", "a/b/x"]), min_size=1, unique=True),
    st.sampled_from(["", "p/", "p/q/"]),
    st.booleans(),
)
def test_names_from_another_folder_are_joined_or_left_alone(files, folder, below) -> None:
    there = [f"{folder}{file}" for file in files]
    old, new = (there, files) if below else (files, there)
    change = prefix_between(old, new)
    if change is not None:  # where two changes do equally well nothing is done
        assert [changed(change)(name) for name in old] == new
    assert change is not None or len(files) > 1 or folder
