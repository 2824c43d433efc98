"""The section ``dictionaries:``, and sentences about latents: what they mean, and what is said of wrong ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cases import for_each
from safetensors.numpy import save_file

from neuronclaims.baselines.content import content_of
from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.measurements.views.view import ViewedSite
from neuronclaims.sentences.subjects.neurons import Neuron

CLAIM = "latent sae:2 activates more for up than down"
ENTRY = "{folder: saes/one, at: resid_post 1}"


def read(
    tmp_path: Path, *claims: str, entry: str = ENTRY, head: str = "", tensors=None, **settings
) -> ClaimFile:
    folder = tmp_path / "saes" / "one"
    folder.mkdir(parents=True, exist_ok=True)
    shapes = {"W_enc": (4, 3), "b_enc": (3,), "W_dec": (3, 4), "b_dec": (4,)}
    made = (
        {name: np.ones(shape, np.float32) for name, shape in shapes.items()} if tensors is None else tensors
    )
    save_file(made, str(folder / "sae_weights.safetensors"))
    said = {"architecture": "topk", "k": 2, "hook_name": "blocks.1.hook_resid_post"} | settings
    (folder / "cfg.json").write_text(json.dumps(said))
    path = tmp_path / "x.claims.yaml"
    path.write_text(
        "\n".join(
            [
                "version: 1",
                "models: [demo]",
                "tokens: mean of prompt",
                head,
                f"dictionaries: {{sae: {entry}}}",
                "sets: {up: [a, b, c], down: [d, e, f]}",
                "claims:",
                *(f"  - {claim}" for claim in claims),
            ]
        )
    )
    return read_claim_file(path, templates())


def test_a_latent_brings_its_layer_and_its_site_which_hold_the_dictionary_whatever_its_folder(
    tmp_path,
) -> None:
    file = read(tmp_path / "one", "latent sae:2 activates  more for up than down", CLAIM.replace(":2", ":0"))
    claim = file.claims[0]
    assert claim.text == CLAIM
    assert claim.sentence.who.neurons == (Neuron(1, 2),)
    site = claim.settings.site
    assert isinstance(site, ViewedSite)
    assert (site.base, site.layer) == ("resid_post", 1)
    moved = read(tmp_path / "two", CLAIM, head="site: mlp_post")
    assert moved.claims[0].settings.site == site  # whatever the site of the file's other claims
    said = read(tmp_path / "three", CLAIM, entry="{folder: saes/one}")
    assert said.claims[0].settings.site == site
    other = read(tmp_path / "four", CLAIM, k=1)
    assert other.claims[0].settings.site != site
    assert len({each.digest for each in (file, read(tmp_path / "one", *[c.text for c in file.claims]))}) == 1
    assert read(tmp_path / "one", CLAIM).digest != other.digest


def test_a_site_beside_it_may_repeat_where_a_dictionary_reads(tmp_path) -> None:
    alone, beside = read(tmp_path, CLAIM, f"{{claim: {CLAIM}, id: beside, site: resid_post}}").claims
    assert beside.settings.site == alone.settings.site


def test_several_latents_and_some_latent_of_a_dictionary(tmp_path) -> None:
    several = "every latent of sae:2, sae:0 activates more for up than down"
    some = "some latent of sae activates more for up than down"
    every, one_of_all = read(tmp_path, several, some).claims
    assert (every.text, one_of_all.text) == (several, some)
    assert every.sentence.who.neurons == (Neuron(1, 2), Neuron(1, 0))
    assert (one_of_all.sentence.who.how, one_of_all.sentence.who.layers.layers) == ("some", (1,))
    assert every.settings.site == one_of_all.settings.site
    assert content_of(every) != content_of(read(tmp_path, several, k=1).claims[0])


WRONG = {
    "number": (CLAIM.replace(":2", ":3"), {}, "'sae' has latents 0 to 2; there is no latent 3"),
    "name": (CLAIM.replace("sae", "sea"), {}, "there is no dictionary 'sea'.*did you mean 'sae'"),
    "no dictionary": (CLAIM.replace("sae:2", "12"), {}, "write the name of the dictionary, such as sae:12"),
    "no latent": (
        CLAIM.replace("sae:2", "sae"),
        {},
        "a latent is a dictionary and a number, such as sae:1234",
    ),
    "named twice": ("every latent of sae:1, sae:1 activates more for up than down", {}, "is named twice"),
    "two dictionaries": (
        "every latent of sae:1, b:1 activates more for up than down",
        {},
        "of one dictionary",
    ),
    "no name": (
        "some latent of sae:1 activates more for up than down",
        {},
        "expected the name of a dictionary",
    ),
    "some does not": ("some latent of sae does not activate more for up than down", {}, "some latent"),
    "no folder": (CLAIM, {"entry": "{folder: saes/two, at: resid_post 1}"}, "is no folder"),
    "outside": (CLAIM, {"entry": "{folder: ../../../.., at: resid_post 1}"}, "leads out of the project"),
    "other layer": (CLAIM, {"entry": "{folder: saes/one, at: resid_post 2}"}, "did you mean 'resid_post 1'"),
    "other site": (CLAIM, {"entry": "{folder: saes/one, at: mlp_post 1}"}, "which is not 'mlp_post 1'"),
    "no layer": (CLAIM, {"entry": "{folder: saes/one, at: resid_post}"}, "reads one layer"),
    "no site": (CLAIM, {"entry": "{folder: saes/one, at: resid_pots 1}"}, "did you mean 'resid_post 1'"),
    "unknown hook": (CLAIM, {"entry": "{folder: saes/one}", "hook_name": "x"}, "which site does it read"),
    "mixed norms": (
        CLAIM,
        {"entry": "{folder: saes/one}", "hook_name": "blocks.1.hook_mlp_out"},
        "which site does it read",
    ),
    "gated": (CLAIM, {"architecture": "gated"}, "architecture 'gated', which is not known"),
    "another site beside it": (
        f"{{claim: {CLAIM}, site: mlp_post}}",
        {},
        "is about 'latents of sae at resid_post 1', so 'site' cannot be 'mlp_post'",
    ),
    "two sites": ("mlp_post " + CLAIM, {}, "so the sentence cannot be about .mlp_post."),
}


@for_each("case", WRONG)
def test_what_is_wrong_is_said_at_its_place(tmp_path, case) -> None:
    claim, more, reason = WRONG[case]
    with pytest.raises(ClaimFileError, match=f"(?s){reason}") as error:
        read(tmp_path, claim, **more)
    assert "^" in str(error.value)
