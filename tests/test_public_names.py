"""The names the package promises are there, and cost nothing until they are used."""

import subprocess
import sys

import pytest

import neuronclaims


@pytest.mark.parametrize("name", dir(neuronclaims))
def test_every_public_name_can_be_had(name):
    assert getattr(neuronclaims, name) is not None
    assert neuronclaims.__version__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="jugde"):
        neuronclaims.jugde  # noqa: B018


def test_the_package_runs_as_its_command():
    command = [sys.executable, "-m", "neuronclaims", "kinds", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "neuronclaims kinds" in done.stdout


def test_importing_the_package_loads_nothing_of_it():
    code = "import neuronclaims, sys; print([m for m in sys.modules if m.startswith('neuronclaims.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['neuronclaims.lazy']"
