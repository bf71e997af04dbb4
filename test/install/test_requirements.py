"""Users get ranges, CI gets pins, and every pin lies in its range."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
DEPENDENCIES = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
ALL = [
    *DEPENDENCIES,
    *(Requirement(line) for line in PROJECT["build-system"]["requires"]),
    *(Requirement(line) for lines in EXTRAS.values() for line in lines),
]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pinned}


def test_every_requirement_is_pinned_within_its_range() -> None:
    for requirement in ALL:
        if requirement.name != "sotto":
            pin = pins()[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(pin), f"{requirement}, pinned to {pin}"


def test_no_pin_is_left_over() -> None:
    assert set(pins()) == {canonicalize_name(each.name) for each in ALL} - {"sotto"}


@pytest.mark.parametrize("requirement", DEPENDENCIES, ids=lambda each: each.name)
def test_what_the_runtime_needs_has_a_lower_end_and_no_pin(requirement: Requirement) -> None:
    operators = [each.operator for each in requirement.specifier]
    assert ">=" in operators
    assert "==" not in operators
