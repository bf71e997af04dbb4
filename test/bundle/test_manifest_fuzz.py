"""Whatever a manifest holds, opening the bundle works or raises one of Sotto's errors."""

from __future__ import annotations

import copy as copying
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_copy import BundleCopy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sotto.asr import load_model
from sotto.bundle import read_manifest
from sotto.errors import BundleError, ModelError, OptionError

ODD_VALUES = st.sampled_from(
    (
        *(None, True, False, 0, 1, -1, 7, 2**31, 2**63, 2**64, -(2**63), 1.5, -0.0, 1e308),
        *("", ".", "..", "/", "/dev/zero", "manifest.json", "encode_10s", "\0", "\ud800"),
        *("é" * 500, [], {}, [[]], [0], [-1], [2**24], {"": None}, list(range(100))),
    )
)


@st.composite
def mutated(draw: st.DrawFn, manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with one to three values deleted, replaced or put elsewhere."""
    manifest = copying.deepcopy(manifest)
    for _ in range(draw(st.integers(1, 3))):
        container: Any = manifest
        while True:
            keys = list(container) if isinstance(container, dict) else range(len(container))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            below = container[key]
            if isinstance(below, dict | list) and below and draw(st.integers(0, 3)):
                container = below
                continue
            action = draw(st.sampled_from(["delete", "replace", "duplicate"]))
            if action == "delete":
                del container[key]
            elif action == "replace":
                container[key] = copying.deepcopy(draw(ODD_VALUES))
            elif isinstance(container, dict):
                container[draw(st.sampled_from(["", "files", "a\0b"]))] = below
            else:
                container.append(below)
            break
    return manifest


@pytest.fixture(scope="module")
def target(whole_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> BundleCopy:
    return BundleCopy(whole_bundle, tmp_path_factory.mktemp("fuzz") / "copy")


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
@given(data=st.data())
def test_a_mutated_manifest_raises_nothing_but_sottos_errors(
    target: BundleCopy, data: st.DataObject
) -> None:
    changed = data.draw(mutated(target.manifest))
    target.write_manifest(json.dumps(changed))
    try:
        model = load_model(target.directory, threads=1, verify=False)
    except BundleError:
        return
    try:
        model.transcribe(np.zeros(1600, np.float32), sample_len=1)
    except (BundleError, ModelError, OptionError):
        return


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_tools_raise_nothing_but_bundle_errors_over_it(
    target: BundleCopy, data: st.DataObject
) -> None:
    changed = data.draw(mutated(target.manifest))
    target.write_manifest(json.dumps(changed))
    try:
        read_manifest(target.directory)
    except BundleError:
        return


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_a_manifest_with_damaged_bytes_raises_nothing_but_sottos_errors(
    target: BundleCopy, data: st.DataObject
) -> None:
    text = bytearray(json.dumps(target.manifest).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    target.write_manifest(bytes(text))
    try:
        load_model(target.directory, threads=1, verify=False)
    except (BundleError, ModelError):
        return
