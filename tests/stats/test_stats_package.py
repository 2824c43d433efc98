from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stats_data import quick

import neuronclaims.stats
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.stats import StatsError, seed_from


def test_every_public_name_is_there_and_no_other():
    for name in dir(neuronclaims.stats):
        assert getattr(neuronclaims.stats, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'anova'"):
        neuronclaims.stats.anova  # noqa: B018
    assert issubclass(StatsError, NeuronClaimsError)


def test_importing_the_package_loads_nothing_heavy_and_using_it_never_loads_scipy_stats():
    code = """
import sys, neuronclaims.stats as s
assert not {"numpy", "scipy"} & set(sys.modules)
s.hedges_g_estimate([1.0, 2.0, 3.0], [2.0, 2.5, 9.0])
how = dict(exchange=s.UNITS, statistic="mean", alternative="less", resampling=s.Resampling(seed=0))
s.two_sample_test([1.0, 2.0], [3.0, 4.0], **how)
s.units_needed(s.PlannedClaim("mean", effect=1.0, side="greater", paired=True), (5, 5))
assert "scipy.stats" not in sys.modules and "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_seed_is_the_head_of_a_documented_digest():
    texts = [b"7", b"permutation", b"places.claims.yaml", b"hanoi"]
    data = b"".join(len(text).to_bytes(8, "little") + text for text in texts)
    expected = int.from_bytes(hashlib.sha256(data).digest()[:16], "little")
    assert seed_from("places.claims.yaml", "hanoi", purpose="permutation", run_seed=7) == expected


@quick
@given(
    st.lists(st.text(), max_size=3),
    st.lists(st.text(), max_size=3),
    st.sampled_from(["permutation", "bootstrap"]),
    st.integers(0, 3),
)
def test_different_content_gives_different_seeds(parts, others, purpose, run_seed):
    seed = seed_from(*parts, purpose="permutation", run_seed=0)
    same = (parts, purpose, run_seed) == (others, "permutation", 0)
    assert (seed == seed_from(*others, purpose=purpose, run_seed=run_seed)) == (
        same or (parts == others and purpose == "permutation" and run_seed == 0)
    )
