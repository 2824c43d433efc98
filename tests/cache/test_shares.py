"""A run cut into shares: each text is measured once, whoever measures which, and judged from the cache at the end."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import THOROUGH

from neuronclaims import judge
from neuronclaims.cli import main
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.share import Share

CLAIMS = """\
version: 1
models: [demo]
site: mlp_post
tokens: mean of prompt
sets:
  hanoi: [Alice lives in Hanoi., Tom flew to Hanoi., Hanoi is old., He left Hanoi., The lake of Hanoi is quiet.]
  baseline: [Nina closed the window., He forgot it., We painted it., The fox jumps., Simon took the taxi.]
claims:
  - {id: more, claim: neuron 2:340 activates more for hanoi than baseline}
  - {id: changed, claim: 'ablating neuron 2:340 lowers " Vietnam" over " Nina" in hanoi'}
"""


def need(layer: int) -> Need:
    request = Activations("mlp_post", layer, TokenRule("last", "prompt"), ("a",)).request
    assert request is not None
    return request.need


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.integers(0, 3).map(need),
        st.lists(st.text("abc", max_size=3), unique=True, max_size=20),
        max_size=4,
    ),
    st.integers(1, 7),
)
def test_shares_have_every_text_once_and_are_even(wanted, count: int) -> None:
    parts = [Share(number, count).part(wanted) for number in range(1, count + 1)]
    found = Counter((need, text) for part in parts for need, texts in part.items() for text in texts)
    assert found == Counter((need, text) for need, texts in wanted.items() for text in texts)
    sizes = [len({text for texts in part.values() for text in texts}) for part in parts]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    "text", ["0/3", "4/3", "1/0", "1", "a/b", "-1/3", "1/3/4", "1/1000000", "1/100001", "١/٣"]
)
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(MeasurementError):
        Share.parse(text)


def test_a_run_is_cut_into_a_hundred_thousand_shares_at_most() -> None:
    assert Share.parse(" 100000 / 100000 ") == Share(100_000, 100_000)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\nclaims_cache = kept\n")
    (tmp_path / "a.claims.yaml").write_text(CLAIMS)
    return tmp_path


def rows(cache: Path) -> Counter[tuple[str, str]]:
    """Count how often each row of each tensor lies in a cache."""
    from neuronclaims.cache import shards

    found: Counter[tuple[str, str]] = Counter()
    for path in cache.rglob("*.safetensors"):
        shard = shards.read_header(path, shards.context_of(path, path.parent.name))
        found.update((name, row) for name in shard.checksums for row in shard.rows)
    return found


def test_shares_fill_one_cache_that_is_judged_without_a_model(folder, monkeypatch, capsys) -> None:
    for share in ("2/3", "3/3", "1/3"):
        assert main(["measure", "--shard", share]) == 0
        assert f"texts of share {share} measured, 0 were there already" in capsys.readouterr().out
    assert set(rows(folder / "kept").values()) == {1}
    assert main(["measure", "--shard", "1/3"]) == 0
    assert "0 of 5 texts of share 1/3 measured, 5 were there already" in capsys.readouterr().out
    monkeypatch.delattr("neuronclaims.engines.local.LocalEngine.run")
    assert [each.error for each in judge("a.claims.yaml")] == [None, None]


@pytest.mark.skipif(not THOROUGH, reason="loads the model in two processes (THOROUGH=1)")
def test_shares_measure_at_once(folder) -> None:
    command = [sys.executable, "-m", "neuronclaims", "measure", "-k", "more", "--shard"]
    running = [
        subprocess.Popen([*command, f"{number}/2"], stdout=subprocess.PIPE, text=True) for number in (1, 2)
    ]
    told = [each.communicate(timeout=300)[0] for each in running]
    assert [each.returncode for each in running] == [0, 0], told
    assert set(rows(folder / "kept").values()) == {1}
    assert main(["cache", "clear"]) == 0
    assert list((folder / "kept").rglob("*.lock")) == []


def test_what_fails_in_one_share_cuts_the_others_no_differently(folder, capsys) -> None:
    long = "word " * 600
    (folder / "a.claims.yaml").write_text(CLAIMS.replace("He left Hanoi.", long))
    for share in ("1/2", "2/2", "1/2"):
        main(["measure", "--shard", share])
    assert "cannot be measured" in capsys.readouterr().err
    assert set(rows(folder / "kept").values()) == {1}
    assert {name for name, _ in rows(folder / "kept")} == {
        str(need(2)).replace("last of prompt", "mean of prompt")
    }
