"""Bad input to steps 1 and 2: one line, a status, and everything as it was before."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from scripts import Script

from sotto.bundle import MANIFEST, file_entry, read_manifest
from sotto.bundle.codec import encode
from sotto.export.whisper import reference, verify

Snapshot = Callable[[Path], dict[str, bytes]]


@pytest.fixture
def untouched(tmp_path: Path, snapshot: Snapshot) -> Iterator[Path]:
    """A bundle that must be as it was when the test ends, with nothing new beside it."""
    folder = tmp_path / "models"
    (folder / "bundle").mkdir(parents=True)
    (folder / "bundle" / "manifest.json").write_text("old")
    yield folder / "bundle"
    assert snapshot(folder) == {"bundle/manifest.json": b"old"}
    assert [path.name for path in folder.iterdir()] == ["bundle"]


# ---- step 1 ------------------------------------------------------------------------------


def no_whisper(path: Path) -> None:
    torch.save({"layer.weight": torch.zeros(3)}, path)


def no_checkpoint(path: Path) -> None:
    path.write_text("a text")


def truncated(path: Path) -> None:
    whole = path.with_name("tiny.en.pt").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def without_a_tensor(path: Path) -> None:
    content = torch.load(path.with_name("tiny.en.pt"), weights_only=True)
    del content["model_state_dict"]["decoder.ln.bias"]
    torch.save(content, path)


def with_nan(path: Path) -> None:
    content = torch.load(path.with_name("tiny.en.pt"), weights_only=True)
    content["model_state_dict"]["decoder.ln.bias"][0] = float("nan")
    torch.save(content, path)


def with_another_vocabulary(path: Path) -> None:
    content = torch.load(path.with_name("tiny.en.pt"), weights_only=True)
    table = content["model_state_dict"]["decoder.token_embedding.weight"]
    content["model_state_dict"]["decoder.token_embedding.weight"] = torch.cat([table, table[:2000]])
    content["dims"]["n_vocab"] += 2000
    torch.save(content, path)


def pickled_code(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"cos\nsystem\n(S'exit 1'\ntR.")
        archive.writestr("archive/version", "3\n")


@pytest.mark.parametrize(
    "make",
    [
        no_whisper,
        no_checkpoint,
        truncated,
        without_a_tensor,
        with_nan,
        with_another_vocabulary,
        pickled_code,
    ],
)
def test_a_checkpoint_that_is_no_whole_whisper_is_refused(
    step1: Script,
    checkpoints: dict[str, Path],
    tmp_path: Path,
    untouched: Path,
    make: Callable[[Path], None],
) -> None:
    (tmp_path / "tiny.en.pt").symlink_to(checkpoints["tiny.en"])
    make(tmp_path / "bad.pt")
    done = step1("--model", tmp_path / "bad.pt", "--out", untouched)
    assert (done.status, done.out) == (1, "")
    assert "bad.pt" in done.error or "tokens" in done.error


@pytest.mark.parametrize("name", ["tiny.fr", "gone.pt", "models/nothing", ""])
def test_an_unknown_model_is_named_with_what_is_known(
    step1: Script, untouched: Path, name: str
) -> None:
    done = step1("--model", name, "--out", untouched)
    assert (done.status, done.out) == (1, "")
    assert name in done.error


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--windows", "0", "windows (0,): expected 1 to 30 seconds each"),
        ("--windows", "31", "windows (31,): expected 1 to 30"),
        ("--windows", "-5", "windows (-5,): expected 1 to 30"),
        ("--cache", "449", "cache 449: expected 0, or 8 to 448 positions"),
        ("--cache", "4", "cache 4: expected 0, or 8 to 448"),
        ("--cache", "-1", "cache -1: expected 0, or 8 to 448"),
        ("--sequence-decoder", "449", "sequence_decoder 449: expected 0, or 8 to 448"),
        ("--token-embedding", "int4", "token_embedding 'int4': expected one of"),
        ("--gelu", "quick", "gelu 'quick': expected one of"),
        ("--audio", "/gone.wav", "/gone.wav: no such file"),
    ],
)
def test_an_option_out_of_range_is_named(
    step1: Script,
    checkpoints: dict[str, Path],
    untouched: Path,
    option: str,
    value: str,
    message: str,
) -> None:
    done = step1("--model", checkpoints["tiny.en"], "--out", untouched, option, value)
    assert (done.status, done.out) == (1, "")
    assert message in done.error


@pytest.mark.parametrize(
    ("option", "value"), [("--windows", "ten"), ("--windows", ""), ("--cache", "x")]
)
def test_arguments_that_do_not_parse_are_a_usage_error(
    step1: Script, untouched: Path, option: str, value: str
) -> None:
    done = step1("--out", untouched, option, value)
    assert (done.status, done.out) == (2, "")
    assert "Usage: " in done.err


def test_a_place_that_can_not_be_written_is_refused_before_the_work(
    step1: Script, step2: Script, exported: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere/x")):
        for done in (
            step1("--model", "gone.pt", "--out", place),
            step2(exported, "--out", place),
        ):
            assert (done.status, done.out) == (1, "")
            assert "choose another --out" in done.error


def test_graphs_that_differ_from_the_reference_are_not_kept(
    step1: Script,
    checkpoints: dict[str, Path],
    untouched: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reference, "ENCODER_TOLERANCE", 0.0)
    done = step1("--model", checkpoints["tiny.en"], "--out", untouched, "--windows", "1")
    assert (done.status, done.out) == (1, "")
    assert "the graphs differ from openai-whisper by more than the tolerance" in done.error


# ---- step 2 ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--precision", "fp8"], "precision 'fp8': expected one of fp32, fp16"),
        (["--backend", "tpu"], "backend 'tpu': expected one of litert, mtk"),
        (["--backend", "mtk"], "the mtk backend writes fp32 only; add --precision fp32"),
    ],
)
def test_an_option_of_step_2_out_of_range_is_named(
    step2: Script, exported: Path, untouched: Path, arguments: list[str], message: str
) -> None:
    done = step2(exported, "--out", untouched, *arguments)
    assert (done.status, done.out) == (1, "")
    assert message in done.error


def test_a_directory_that_is_not_there_is_not_made(step2: Script, tmp_path: Path) -> None:
    done = step2(tmp_path / "a" / "b")
    assert (done.status, done.out) == (1, "")
    assert "sotto convert NAME" in done.error
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_without_torchscript_is_refused_with_the_command_that_makes_it(
    step2: Script, exported: Path, untouched: Path
) -> None:
    manifest = json.loads((exported / MANIFEST).read_text())
    del manifest["torchscript"]
    (exported / MANIFEST).write_text(json.dumps(manifest))
    done = step2(exported, "--out", untouched)
    assert (done.status, done.out) == (1, "")
    assert "holds no TorchScript of a Whisper, which step 1 leaves there: run it" in done.error


def with_a_flipped_bit(directory: Path) -> None:
    path = directory / "torchscript" / "encode_1s.pt"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def without_a_file(directory: Path) -> None:
    (directory / "torchscript" / "decode_1s.pt").unlink()


def with_a_file_outside(directory: Path) -> None:
    (directory.parent / "outside").write_text("")
    change(
        directory,
        lambda m: m["files"].update({"../outside": encode(file_entry(directory / MANIFEST))}),
    )


def change(directory: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((directory / MANIFEST).read_text())
    edit(manifest)
    (directory / MANIFEST).write_text(json.dumps(manifest))


def scripts(manifest: dict[str, Any], kind: str = "decoder") -> list[dict[str, Any]]:
    """Step 1's graphs of a component."""
    found: list[dict[str, Any]] = manifest["torchscript"]["graphs"][kind]
    return found


EDITS: dict[str, Callable[[dict[str, Any]], object]] = {
    "no components": lambda m: m.pop("components"),
    "no windows": lambda m: m["torchscript"]["graphs"].clear(),
    "no encoder of a window": lambda m: scripts(m, "speech-encoder").clear(),
    "no step of a window": lambda m: scripts(m).clear(),
    "graphs of another kind": lambda m: m["torchscript"].update(graphs=["encode_1s"]),
    "a graph without inputs": lambda m: scripts(m)[0].pop("inputs"),
    "a graph without a file": lambda m: scripts(m)[0].pop("file"),
    "a tensor without a shape": lambda m: scripts(m)[0]["inputs"][0].pop("shape"),
    "a tensor of shape null": lambda m: scripts(m)[0]["inputs"][0].update(shape=None),
    "no table": lambda m: m["torchscript"].pop("token_embedding"),
    "no tools": lambda m: m.pop("tools"),
    "tools of another kind": lambda m: m.update(tools="sotto"),
    "no sample listed": lambda m: m["files"].pop("torchscript/sample.npz"),
    "no positions listed": lambda m: m["files"].pop("positional_embedding.npy"),
    "a newer schema": lambda m: m.update(schema=4),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_manifest_that_lacks_what_the_conversion_reads_is_damaged(
    step2: Script, exported: Path, untouched: Path, edit: Callable[[dict[str, Any]], object]
) -> None:
    change(exported, edit)
    done = step2(exported, "--out", untouched)
    assert (done.status, done.out) == (1, "")
    assert str(exported) in done.error
    assert "sotto convert NAME" in done.error


@pytest.mark.parametrize("damage", [with_a_flipped_bit, without_a_file, with_a_file_outside])
def test_damaged_output_of_step_1_is_refused(
    step2: Script, exported: Path, untouched: Path, damage: Callable[[Path], None]
) -> None:
    damage(exported)
    done = step2(exported, "--out", untouched)
    assert (done.status, done.out) == (1, "")
    assert str(exported) in done.error


def test_torchscript_that_is_none_is_a_conversion_error(
    step2: Script, exported: Path, untouched: Path
) -> None:
    (exported / "torchscript" / "encode_1s.pt").write_bytes(b"not TorchScript")
    entry = file_entry(exported / "torchscript" / "encode_1s.pt")
    change(exported, lambda m: m["files"].update({"torchscript/encode_1s.pt": encode(entry)}))
    done = step2(exported, "--out", untouched)
    assert (done.status, done.out) == (1, "")
    assert "litert-torch could not convert encode_1s: " in done.error


def test_files_that_differ_from_the_torchscript_are_not_kept(
    step2: Script, exported: Path, untouched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(verify.DECIBEL, "int8", 200.0)
    done = step2(exported, "--out", untouched)
    assert done.status == 1
    assert "differ from the TorchScript by more than the tolerance: encode_1s" in done.error
    assert "BEYOND the limit >= 200 dB" in done.error


# ---- mtk_converter -----------------------------------------------------------------------

FAKE = """
import json
class PyTorchConverter:
    quantize = True
    @classmethod
    def from_script_module_file(cls, path, input_shapes, input_types):
        converter = cls()
        types = list(map(str, input_types))
        converter.seen = {"path": path, "shapes": input_shapes, "types": types}
        return converter
    def convert_to_tflite(self, output_file):
        self.seen["quantize"] = self.quantize
        with open(output_file, "w") as file:
            json.dump(self.seen, file)
"""


@pytest.fixture
def mtk_converter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The source of a module of that name."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    yield folder / "mtk_converter.py"
    sys.modules.pop("mtk_converter", None)


def test_without_mtk_converter_the_error_says_what_to_install(
    step2: Script, exported: Path, untouched: Path
) -> None:
    done = step2(exported, "--out", untouched, "--backend", "mtk", "--precision", "fp32")
    assert (done.status, done.out) == (1, "")
    for part in ("NeuroPilot SDK", "pip install its mtk_converter wheel", "--backend litert"):
        assert part in done.error


def test_mtk_converter_gets_file_shapes_and_types_and_writes_a_file_a_signature(
    step2: Script, exported: Path, mtk_converter: Path
) -> None:
    mtk_converter.write_text(FAKE)
    done = step2(exported, "--backend", "mtk", "--precision", "fp32")
    assert done.status == 0, done.err
    bundle = exported.with_name(f"{exported.name}-mtk")
    manifest = read_manifest(bundle)
    assert manifest.backend == "mtk"
    for name in ("encode_1s", "decode_1s"):
        graph = manifest.graphs[name]
        assert graph.file == f"{name}.tflite"
        seen = json.loads((bundle / f"{name}.tflite").read_text())
        inputs = graph.inputs
        assert seen == {
            "path": str(exported / "torchscript" / f"{name}.pt"),
            "shapes": [list(spec.shape) for spec in inputs],
            "types": ["torch.float32"] * len(inputs),
            "quantize": False,
        }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("raise RuntimeError('op 7 is not supported')", "mtk_converter refused encode_1s: op 7"),
        ("return", "mtk_converter wrote no file for encode_1s"),
    ],
)
def test_what_mtk_converter_refuses_is_a_conversion_error(
    step2: Script, exported: Path, untouched: Path, mtk_converter: Path, line: str, message: str
) -> None:
    mtk_converter.write_text(FAKE.replace('self.seen["quantize"]', f"{line}\n        self.x"))
    done = step2(exported, "--out", untouched, "--backend", "mtk", "--precision", "fp32")
    assert (done.status, done.out) == (1, "")
    assert message in done.error
