"""Step 3 where others' programs begin: what they are given, and what becomes of what they do."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from npu_graphs import TAKEN
from running_step3 import run, snapshot
from small_bundle import write_bundle, write_refused_bundle

from sotto.bundle import Compiled, read_manifest, write_manifest
from sotto.errors import ModelError
from sotto.export.tflite.graphs import read_graphs
from sotto.npu import plugin
from sotto.npu.compiled import read_compiled
from sotto.npu.plugin import own_adapter

pytestmark = pytest.mark.skipif(
    own_adapter() is None, reason="the plugin's library is built on Linux alone"
)

PARTITIONED = (
    "Partitioned subgraph<0>, selected 1 ops, from a total of 1 ops. resulted in 1 partitions."
)
NONE_SELECTED = PARTITIONED.replace("selected 1", "selected 0")


def executable(path: Path, body: str) -> Path:
    """A Python program that writes its arguments, a line each, to ``asked`` beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"#!{sys.executable}\n"
        "import os, pathlib, sys\n"
        "asked = pathlib.Path(__file__).parent / 'asked'\n"
        "with asked.open('a') as file: print(*sys.argv[1:], sep='\\n', file=file)\n"
        f"{body}\n"
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "models" / "bundle", (1,))


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test puts its own ``apply_plugin_main``."""
    package = tmp_path / "litert"
    monkeypatch.setattr(plugin, "_litert", lambda: package)
    return package / "tools" / "apply_plugin_main"


# ---- LiteRT's tool -----------------------------------------------------------------------


def test_litert_is_asked_as_its_own_flow_asks(small: Path, tool: Path) -> None:
    executable(tool, f"print({PARTITIONED!r})")
    done = run(small, "--soc", "mt6993", "--dry-run", "--roles", "encoder")
    asked = (tool.parent / "asked").read_text().splitlines()
    names = [line.partition("=")[0] for line in asked]
    assert names == [
        *("--cmd", "--model", "--soc_manufacturer", "--soc_model", "--libs"),
        *("--mediatek_sdk_version_type", "--o"),
    ]
    assert asked[0] == "--cmd=apply"
    assert asked[2:4] == ["--soc_manufacturer=MediaTek", "--soc_model=mt6993"]
    assert asked[5] == "--mediatek_sdk_version_type=version9"
    assert "wrote no file" in done.error


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("print('ERROR: [x.cc:1] no licence'); sys.exit(1)", "plugin failed: no licence"),
        ("os.abort()", "plugin crashed (SIGABRT)"),
        ("print('all is well')", "it said nothing of why"),
        (f"print({PARTITIONED!r})", "ended well and wrote no file"),
        (f"print({PARTITIONED!r}); open(out, 'w').write('garbage')", "is no .tflite file"),
        (
            f"print({PARTITIONED!r}); open(out, 'wb').write(open(model, 'rb').read())",
            "not one call",
        ),
        (
            f"print({NONE_SELECTED!r}); open(out, 'w').write('x')",
            "1 of 1 operations outside, not one partition",
        ),
    ],
)
def test_what_litert_does_wrong_is_said_and_nothing_is_written(
    small: Path, tool: Path, body: str, why: str
) -> None:
    lines = "given = dict(a.lstrip('-').split('=', 1) for a in sys.argv[1:])\n"
    executable(tool, f"{lines}out, model = given['o'], given['model']\n{body}")
    before = snapshot(small.parent)
    done = run(small, "--soc", "mt6991", "--dry-run", "--keep", "--roles", "encoder")
    assert done.status == 1
    assert why in done.error
    assert snapshot(small.parent) == before


def test_a_tool_that_cannot_run_is_an_error(small: Path, tool: Path) -> None:
    tool.parent.mkdir(parents=True)
    tool.write_text("not a program")
    assert "can't run" in run(small, "--soc", "mt6991", "--dry-run").error


# ---- what it wrote -----------------------------------------------------------------------


@pytest.fixture
def compiled(tmp_path: Path) -> Path:
    """A compiled file of one layer."""
    adapter = own_adapter()
    assert adapter is not None
    out = tmp_path / "compiled.tflite"
    plugin.apply(TAKEN["FULLY_CONNECTED"](tmp_path), "mt6991", adapter, out)
    return out


def test_a_compiled_file_that_is_cut_off_or_altered_gives_an_error_or_an_answer(
    compiled: Path, tmp_path: Path
) -> None:
    expected = tuple(read_graphs(tmp_path / "graph.tflite"))
    content = np.fromfile(compiled, np.uint8)
    assert read_compiled(compiled, expected).compiler == "sotto neuron_host"
    random, path, failed = np.random.default_rng(0), tmp_path / "damaged.tflite", 0
    damaged = [content[:length] for length in range(1, len(content), 61)]
    for _ in range(600):
        altered = content.copy()
        places = random.integers(0, len(content), random.integers(1, 6))
        altered[places] = random.choice([0, 1, 4, 127, 128, 255], len(places))
        damaged.append(altered)
    for each in damaged:
        each.tofile(path)
        try:
            read_compiled(path, expected)
        except ModelError:  # any other error fails the test
            failed += 1
    assert failed > len(damaged) / 20


def test_a_compiled_file_of_another_graph_is_refused(compiled: Path, tmp_path: Path) -> None:
    other = tuple(read_graphs(TAKEN["TANH"](tmp_path)))
    with pytest.raises(ModelError, match="main has other tensors than before"):
        read_compiled(compiled, other)


# ---- NeuroPilot's ------------------------------------------------------------------------

VERSION = "if '--version' in sys.argv: print('ncc-tflite 8.0.11'); sys.exit()\n"
WRITE = "open(sys.argv[sys.argv.index('--dla-file') + 1], 'w').write('code')\n"


@pytest.fixture
def ncc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test puts its own ``ncc-tflite``, on the PATH."""
    folder = tmp_path / "neuron_sdk" / "host" / "bin"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder / "ncc-tflite"


def test_ncc_compiles_each_signature_into_a_file_of_its_own(small: Path, ncc: Path) -> None:
    record = "import shutil; shutil.copy(sys.argv[-1], pathlib.Path(__file__).parent)\n"
    executable(ncc, VERSION + WRITE + record)
    done = run(small, "--soc", "mt8390", "--backend", "ncc", "--ncc-options", "--opt-accuracy")
    assert done.status == 0, done.err
    asked = (ncc.parent / "asked").read_text().splitlines()
    options = ["--arch=mdla3.0", "--opt=3", "--relax-fp32", "--opt-accuracy", "--dla-file"]
    assert asked[1:6] == options
    assert asked[7].endswith("/encode_1s.tflite")
    (alone,) = read_graphs(ncc.parent / "prefill_1s.tflite")
    assert alone.signature == "prefill_1s"
    names = ["encode_1s", "decode_1s", "prefill_1s"]
    manifest = read_manifest(small)
    assert manifest.npu["mt8390"] == Compiled(
        format="dla",
        compiler="neuron",
        sdk="8.0.11",
        files={name: f"npu/mt8390/{name}.dla" for name in names},
        signatures=tuple(names),
    )
    assert {f"npu/mt8390/{name}.dla" for name in names} <= set(manifest.files)


def test_ncc_judges_what_mediateks_own_converter_wrote(tmp_path: Path, ncc: Path) -> None:
    executable(ncc, VERSION + WRITE)
    refused = write_refused_bundle(tmp_path / "mtk")
    asking = ("--soc", "mt8390", "--backend", "ncc", "--roles", "encoder")
    assert "not for the NPU" in run(refused, *asking).error
    manifest = replace(read_manifest(refused), backend="mtk")
    write_manifest(refused, manifest, manifest.files)
    assert run(refused, *asking).status == 0


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (f"{VERSION}print('ERROR: no MDLA'); sys.exit(2)", "refused encode_1s for mdla3.0: ERROR"),
        (f"{VERSION}os.abort()", "refused encode_1s for mdla3.0"),
        (VERSION, "wrote no DLA file of encode_1s"),
        (f"{VERSION}{WRITE.replace('code', '')}", "wrote no DLA file of encode_1s"),
    ],
)
def test_what_ncc_does_wrong_is_said_and_nothing_is_written(
    small: Path, ncc: Path, body: str, why: str
) -> None:
    executable(ncc, body)
    before = snapshot(small.parent)
    done = run(small, "--soc", "mt8390", "--backend", "ncc")
    assert done.status == 1
    assert why in done.error
    assert snapshot(small.parent) == before


def test_an_architecture_may_be_named_and_must_be_where_it_is_not_known(
    small: Path, ncc: Path
) -> None:
    executable(ncc, VERSION + WRITE)
    asking = ("--soc", "mt8196", "--backend", "ncc")
    assert "soc 'mt8196': known are mt8195 (mdla2.0)" in run(small, *asking).error
    assert run(small, *asking, "--arch", "mdla5.5").status == 0
    assert "--arch=mdla5.5" in (ncc.parent / "asked").read_text()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "ncc-tflite is not on the PATH"),
        (["--ncc", "/nowhere/ncc-tflite"], "is no executable"),
        (["--dry-run"], "dry-run True: ncc has no such option"),
        (["--adapter", "x"], "adapter x: ncc has no such option"),
    ],
)
def test_without_ncc_it_says_so(small: Path, options: list[str], why: str) -> None:
    assert shutil.which("ncc-tflite") is None
    assert why in run(small, "--soc", "mt8390", "--backend", "ncc", *options).error
