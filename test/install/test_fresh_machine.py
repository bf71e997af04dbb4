"""A bare machine is told how this one reaches registries, and of no file that it does not have."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "deploy" / "fresh_machine.sh"


@pytest.fixture(scope="module")
def taken() -> re.Pattern[str]:
    """The names of the variables that go in."""
    asked = 'eval "$(grep ^registry_settings "$1")"; printf %s "$registry_settings"'
    said = subprocess.run(
        ["bash", "-euc", asked, "bash", SCRIPT], check=True, capture_output=True, text=True
    )
    return re.compile(said.stdout, re.IGNORECASE)


@pytest.mark.parametrize(
    "name", ["PIP_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "https_proxy"]
)
def test_the_way_to_the_registries_goes_in(taken: re.Pattern[str], name: str) -> None:
    assert taken.fullmatch(name)


@pytest.mark.parametrize(
    "name", ["PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT", "PIP_FIND_LINKS", "PIP_CACHE_DIR"]
)
def test_files_of_this_machine_stay_out(taken: re.Pattern[str], name: str) -> None:
    assert not taken.fullmatch(name)
