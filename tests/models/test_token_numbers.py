"""A token that is named with the wrong space gets the one that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.sources import open_model
from neuronclaims.models.token_texts import token_texts


def test_a_token_that_exists_only_with_a_space_is_said_with_it() -> None:
    texts = token_texts(open_model("demo", Path.cwd()))
    assert texts.text(texts.number(" was")) == " was"
    with pytest.raises(MeasurementError) as caught:
        texts.number("was")
    assert str(caught.value) == "demo has no token 'was', but one with a leading space: write \" was\"."
    with pytest.raises(MeasurementError, match="is no single token of demo"):
        texts.number("wasxyz")
