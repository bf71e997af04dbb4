"""Step 3 as it is used: a bundle's graphs compiled for SoCs by Sotto's library, kept or not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from running_step3 import SCRIPT, run, snapshot
from small_bundle import write_bundle, write_refused_bundle
from typer.testing import CliRunner

from sotto.bundle import read_manifest
from sotto.cli import app as sotto_app
from sotto.npu.plugin import ADAPTER, SDK, own_adapter, socs
from sotto.npu.tflite_graph import Graph, read_graphs

pytestmark = pytest.mark.skipif(
    own_adapter() is None, reason="the plugin's library is built on Linux alone"
)


def graphs_of(file: Path) -> dict[str, Graph]:
    return {graph.signature: graph for graph in read_graphs(file)}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle")


def test_a_dry_run_compiles_the_longest_window_and_keeps_nothing(bundle: Path) -> None:
    before = snapshot(bundle.parent)
    done = run(bundle, "--soc", "mt6991", "--dry-run")
    assert done.status == 0, done.err
    assert "sotto neuron_host 8.2.24" in done.out
    assert "decode_2s, prefill_2s" in done.out
    assert "decode_1s" not in done.out
    assert "kept nothing" in done.err
    assert snapshot(bundle.parent) == before


def test_a_dry_run_over_every_soc_reports_each(bundle: Path) -> None:
    done = run(bundle, "--soc", "all", "--dry-run", "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    assert [one["soc"] for one in found] == socs()
    for one in found:
        for file in one["files"]:
            assert file["compiler"] == "sotto neuron_host"
            assert file["sdk"] == ("9.0.0" if one["soc"] == "mt6993" else "8.2.24")
            for graph in file["graphs"]:
                assert (graph["partitions"], graph["outside"]) == (1, 0)
                assert graph["neuron"] == {"FULLY_CONNECTED": 1}
                assert graph["bytes"] > 0


def test_what_is_kept_is_described_by_the_manifest(bundle: Path) -> None:
    done = run(bundle, "--soc", "mt6991", "--dry-run", "--keep")
    assert done.status == 0, done.err
    manifest = read_manifest(bundle)  # checks the sizes and hashes of all files
    assert manifest["npu"] == {
        "mt6991": {
            "format": "litert",
            "compiler": "sotto neuron_host",
            "sdk": "8.2.24",
            "files": {
                "encoder.tflite": "npu/mt6991/encoder.tflite",
                "decoder.tflite": "npu/mt6991/decoder.tflite",
            },
            "signatures": ["encode_2s", "decode_2s", "prefill_2s"],
        }
    }
    assert {"npu/mt6991/encoder.tflite", "encoder.tflite"} <= set(manifest["files"])


def test_a_compiled_file_has_the_chosen_signatures_alone_as_they_were(bundle: Path) -> None:
    options = ["--windows", "all", "--roles", "decoder,alignment", "--dry-run", "--keep"]
    done = run(bundle, "--soc", "mt6991", *options)
    assert done.status == 0, done.err
    before = graphs_of(bundle / "decoder.tflite")
    after = graphs_of(bundle / "npu" / "mt6991" / "decoder.tflite")
    assert set(after) == {"decode_1s", "decode_2s", "align_1s", "align_2s"}
    assert not (bundle / "npu" / "mt6991" / "encoder.tflite").exists()
    for name, graph in after.items():
        assert [operation.name for operation in graph.operations] == ["CUSTOM DISPATCH_OP"]
        for kind in ("inputs", "outputs", "input_names", "output_names"):
            assert getattr(graph, kind) == getattr(before[name], kind)


def test_another_directory_is_a_bundle_of_its_own(bundle: Path, tmp_path: Path) -> None:
    before = snapshot(bundle)
    done = run(bundle, "--soc", "mt6991", "--dry-run", "--out", tmp_path / "other")
    assert done.status == 0, done.err
    assert snapshot(bundle) == before
    manifest = read_manifest(tmp_path / "other")
    assert set(before) - {"manifest.json"} <= set(manifest["files"])
    assert "npu" in manifest


def test_socs_are_added_and_the_same_soc_is_replaced_whole(bundle: Path) -> None:
    for options in (["--soc", "mt6991"], ["--soc", "mt6989,mt6993", "--roles", "encoder"]):
        assert run(bundle, *options, "--dry-run", "--keep").status == 0
    assert run(bundle, "--soc", "mt6991", "--roles", "encoder", "--dry-run", "--keep").status == 0
    npu = read_manifest(bundle)["npu"]
    assert set(npu) == {"mt6989", "mt6991", "mt6993"}
    assert npu["mt6991"]["signatures"] == ["encode_2s"]
    assert not (bundle / "npu" / "mt6991" / "decoder.tflite").exists()


def test_the_judges_look_at_the_graphs_and_not_at_their_code(bundle: Path) -> None:
    assert run(bundle, "--soc", "mt6991", "--dry-run", "--keep").status == 0
    checked = CliRunner().invoke(sotto_app, ["npu", "check", str(bundle), "--no-plugin", "--json"])
    assert checked.exit_code == 0
    assert len(json.loads(checked.stdout)["graphs"]) == 8


def test_without_an_sdk_it_says_what_to_install(bundle: Path) -> None:
    before = snapshot(bundle.parent)
    done = run(bundle, "--soc", "mt6991")
    assert done.status == 1
    assert "pip install ai-edge-litert-sdk-mediatek" in done.error
    assert "--dry-run" in done.error
    assert snapshot(bundle.parent) == before


def test_a_graph_that_is_not_for_the_npu_is_refused_before_it_is_compiled(tmp_path: Path) -> None:
    bundle = write_refused_bundle(tmp_path / "bundle")
    before = snapshot(bundle.parent)
    done = run(bundle, "--soc", "mt6991", "--dry-run", "--keep")
    assert done.status == 1
    assert "encode_1s is not for the NPU: FULLY_CONNECTED" in done.error
    assert "sotto npu check" in done.error
    assert snapshot(bundle.parent) == before


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--soc", "mt1"], "soc 'mt1': the plugin knows"),
        (["--windows", "7"], "windows 7: the bundle has 1, 2"),
        (["--windows", "x"], "windows 'x': expected seconds"),
        (["--windows", "-1"], "windows '-1': expected seconds from 1 on"),
        (["--roles", "encoder,drummer"], "roles 'drummer': expected some of encoder, decoder"),
        (["--backend", "tpu"], "backend 'tpu': expected litert or ncc"),
        (["--arch", "mdla3.0"], "arch mdla3.0: litert has no such option"),
        (["--adapter", "/nowhere"], "adapter /nowhere: a dry run has no such option"),
    ],
)
def test_a_wrong_option_is_named(bundle: Path, options: list[str], why: str) -> None:
    done = run(bundle, "--soc", "mt6991", "--dry-run", *options)
    assert done.status == 1
    assert why in done.error


def test_a_bundle_that_is_none_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    assert "holds no manifest.json" in run(tmp_path, "--soc", "mt6991", "--dry-run").error
    bundle = write_bundle(tmp_path / "bundle")
    content = (bundle / "encoder.tflite").read_bytes()
    (bundle / "encoder.tflite").write_bytes(content[:-1])
    assert "is damaged" in run(bundle, "--soc", "mt6991", "--dry-run").error


def test_ctrl_c_leaves_the_bundle_as_it_was(bundle: Path) -> None:
    before = snapshot(bundle.parent)
    command = subprocess.Popen(
        [sys.executable, SCRIPT, bundle, "--soc", "all", "--dry-run", "--keep"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert command.stderr is not None
    while "mt6893: compiling" not in (line := command.stderr.readline()):
        assert line
    command.send_signal(signal.SIGINT)
    out, err = command.communicate(timeout=60)
    assert (command.returncode, out) == (130, "")
    assert err.endswith("interrupted; nothing was left half-written\n")
    assert snapshot(bundle.parent) == before


def sdk(folder: Path, library: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the SDK's package, which records which versions it is asked for."""
    for version in ("v8", "v9"):
        (folder / version).mkdir(parents=True)
        (folder / version / ADAPTER).write_bytes(library)
    (folder / SDK).mkdir()
    (folder / SDK / "__init__.py").write_text(
        "import pathlib\n"
        "def path_to_sdk_libs(version='v8'):\n"
        f"    folder = pathlib.Path({str(folder)!r})\n"
        "    with (folder / 'asked').open('a') as file: file.write(version + ' ')\n"
        "    return folder / version\n"
    )
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, SDK, raising=False)
    return folder


def own_library() -> bytes:
    folder = own_adapter()
    assert folder is not None
    return (folder / ADAPTER).read_bytes()


def test_the_sdk_of_each_socs_version_compiles(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Sotto's library under another mark, as no other answers here.
    folder = sdk(tmp_path / "sdk", own_library().replace(b"SOTTONET", b"ANYTHING"), monkeypatch)
    done = run(bundle, "--soc", "mt6991,mt6993")
    assert done.status == 0, done.err
    assert (folder / "asked").read_text() == "v8 v9 "
    npu: dict[str, Any] = read_manifest(bundle)["npu"]
    assert {entry["compiler"] for entry in npu.values()} == {"neuron"}
    assert b"ANYTHING" in (bundle / "npu" / "mt6993" / "encoder.tflite").read_bytes()


def test_sottos_own_library_does_not_pass_for_the_vendors(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk(tmp_path / "sdk", own_library(), monkeypatch)
    before = snapshot(bundle)
    done = run(bundle, "--soc", "mt6991")
    assert done.status == 1
    assert "its library is sotto neuron_host; --dry-run is for Sotto's own" in done.error
    assert snapshot(bundle) == before


def test_an_sdk_without_its_library_is_an_error(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sdk(tmp_path / "sdk", b"", monkeypatch)
    (folder / "v8" / ADAPTER).unlink()
    assert f"is installed without {ADAPTER} of version v8" in run(bundle, "--soc", "mt6991").error
