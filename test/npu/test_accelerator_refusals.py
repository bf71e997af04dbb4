"""Where the NPU can't be had: what ``npu`` refuses and ``auto`` says."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
from cli.command_line import NATIVE, SOTTO, run
from comparison.clips import packaged_clips
from compiled_bundle import NpuBundle

from sotto.asr import SpeechModel
from sotto.bundle import read_manifest
from sotto.errors import BundleError, DeviceError, OptionError
from sotto.npu.plugin import own_adapter
from sotto.runtime.locate import DISPATCH, find_dispatch

pytestmark = pytest.mark.skipif(
    own_adapter() is None, reason="the dispatch library is built on Linux alone"
)


@pytest.fixture
def small(bundle: Callable[[str, str], Path], tmp_path: Path) -> NpuBundle:
    """A bundle whose files for an NPU are the uncompiled graphs themselves."""
    source = bundle("tiny.en", "fp32")
    made = NpuBundle(source, tmp_path / "tiny.en")
    seconds = read_manifest(source, verify=False).windows[0].seconds
    for component in made.manifest["components"]:
        component["graphs"] = [g for g in component["graphs"] if g["name"].endswith(f"_{seconds}s")]
    made.add(
        {name: source / name for name in ("encoder.tflite", "decoder.tflite")},
        [f"encode_{seconds}s", f"decode_{seconds}s"],
    )
    return made


def refusal(bundle: NpuBundle, dispatch: str | Path = "host", soc: str | None = None) -> str:
    with pytest.raises(DeviceError) as caught:
        SpeechModel(bundle.directory, accelerator="npu", soc=soc, npu_dispatch=dispatch)
    return str(caught.value)


def change(bundle: NpuBundle, **changes: object) -> NpuBundle:
    bundle.manifest["npu"]["mt6991"].update(changes)
    bundle.write()
    return bundle


# ---- bundles -----------------------------------------------------------------------------


def test_a_bundle_that_was_not_compiled_says_how_that_is_done(small: NpuBundle) -> None:
    del small.manifest["npu"]
    small.write()
    message = refusal(small, soc="mt6991")
    assert "has no files for an NPU" in message
    assert f"sotto npu compile {small.directory} --soc mt6991" in message


def test_a_bundle_for_another_soc_names_those_it_has(small: NpuBundle) -> None:
    message = refusal(small, soc="MT6989")
    assert f"{small.directory} has no files for mt6989, only for mt6991" in message
    assert "sotto npu compile" in message


def test_code_for_a_device_is_not_given_to_the_library_that_stands_for_one(
    small: NpuBundle,
) -> None:
    assert "are code for the device" in refusal(change(small, compiler="neuron"))


def test_dla_is_refused_with_what_to_do(small: NpuBundle) -> None:
    assert "are DLA, which NeuroPilot's own runtime loads" in refusal(change(small, format="dla"))


def test_a_section_that_is_malformed_is_refused_whatever_it_is_to_run_on(small: NpuBundle) -> None:
    change(small, signatures=["no_such"])
    for accelerator in ("cpu", "npu", "auto"):
        with pytest.raises(BundleError, match="signatures of mt6991 holds one that the bundle has"):
            SpeechModel(small.directory, accelerator=accelerator, npu_dispatch="host")


def test_a_compiled_file_that_is_damaged_is_refused(small: NpuBundle) -> None:
    file = small.directory / "npu" / "mt6991" / "encoder.tflite"
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[:-1] + b"?")
    with pytest.raises(BundleError, match=r"npu/mt6991/encoder\.tflite is damaged"):
        SpeechModel(small.directory, accelerator="npu", npu_dispatch="host")
    assert SpeechModel(small.directory).accelerator == "cpu"


def test_a_file_that_was_not_compiled_does_not_run_on_the_cpu_unnoticed(small: NpuBundle) -> None:
    assert "decoder.tflite can't be loaded into the NPU" in refusal(small)


def test_code_of_another_version_is_refused_by_its_version(
    bundle: Callable[[str, str], Path], compiled_files: dict[str, Path], tmp_path: Path
) -> None:
    code = bytearray(compiled_files["encoder.tflite"].read_bytes())
    code[code.index(b"SOTTONET") + 8] = 9
    (tmp_path / "encoder.tflite").write_bytes(code)
    made = NpuBundle(bundle("tiny.en", "fp32"), tmp_path / "tiny.en")
    made.add(
        {**compiled_files, "encoder.tflite": tmp_path / "encoder.tflite"},
        ["encode_30s", "decode_30s"],
    )
    message = refusal(made)
    assert "encoder.tflite can't be loaded into the NPU" in message
    assert "version" in message


# ---- dispatch libraries ------------------------------------------------------------------


def test_without_a_dispatch_library_there_is_no_npu(
    small: NpuBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOTTO_DISPATCH", raising=False)
    with pytest.raises(DeviceError, match="no dispatch library for the NPU is known"):
        SpeechModel(small.directory, accelerator="npu")


def test_a_folder_without_a_library_is_named(small: NpuBundle, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert f"{tmp_path / 'empty'} holds no libLiteRtDispatch" in refusal(small, tmp_path / "empty")


def test_a_library_that_lacks_the_one_function_is_none(small: NpuBundle, tmp_path: Path) -> None:
    adapter = own_adapter()
    assert adapter is not None
    shutil.copy(adapter / "libneuron_adapter.so", tmp_path / DISPATCH)
    assert "lacks the function LiteRtDispatchGetApi" in refusal(small, tmp_path)


def test_a_second_library_is_refused_in_the_same_process(compiled: Path, tmp_path: Path) -> None:
    SpeechModel(compiled, accelerator="npu", npu_dispatch="host")
    shutil.copy(Path(find_dispatch("host")) / DISPATCH, tmp_path)
    with pytest.raises(DeviceError, match="LiteRT takes no second dispatch library"):
        SpeechModel(compiled, accelerator="npu", npu_dispatch=tmp_path)


def test_the_variable_names_the_folder_as_well(
    compiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOTTO_DISPATCH", str(find_dispatch("host")))
    assert SpeechModel(compiled, accelerator="npu").accelerator == "npu"


def test_a_setting_of_the_library_that_is_none_is_named(
    compiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOTTO_NPU_STORAGE", "fp8")
    with pytest.raises(DeviceError, match='SOTTO_NPU_STORAGE is "fp8", expected fp16 or fp32'):
        SpeechModel(compiled, accelerator="npu", npu_dispatch="host")


# ---- options and auto --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"accelerator": "gpu"}, 'accelerator "gpu": expected cpu, npu or auto'),
        ({"accelerator": "auto", "soc": "mt/6991"}, 'soc "mt/6991": expected a name'),
    ],
)
def test_an_option_that_is_none_is_named(
    options: dict[str, str], fault: str, small: NpuBundle
) -> None:
    with pytest.raises(OptionError, match=fault):
        SpeechModel(small.directory, **options)


def test_auto_takes_the_npu_where_there_is_one(compiled: Path) -> None:
    speech = SpeechModel(compiled, accelerator="auto", npu_dispatch="host")
    assert speech.accelerator == "npu"
    assert speech.runtime.fallback == ""


def test_auto_warns_once_why_it_takes_the_cpu(
    small: NpuBundle, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        speech = SpeechModel(small.directory, accelerator="auto", soc="mt6989", npu_dispatch="host")
    assert speech.accelerator == "cpu"
    (record,) = caplog.records
    assert record.name.startswith("sotto")
    assert record.getMessage() == speech.runtime.fallback
    assert "no NPU is used, but the CPU: " in record.getMessage()
    assert "has no files for mt6989" in record.getMessage()


COMMANDS = pytest.mark.parametrize(
    "command", [[*SOTTO, "transcribe"], NATIVE], ids=["python", "native"]
)


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    """Six seconds of speech."""
    clip = next(clip for clip in packaged_clips() if clip.name == "beckett")
    soundfile.write(tmp_path / "beckett.wav", clip.samples[: 6 * 16_000], 16_000)
    return tmp_path / "beckett.wav"


@COMMANDS
@pytest.mark.parametrize("soc", ["mt6989", "mt6991"], ids=["no files", "files that won't load"])
def test_the_commands_say_so_in_one_line(
    command: list[str], soc: str, small: NpuBundle, wav: Path
) -> None:
    asked = ("--accelerator", "auto", "--soc", soc, "--npu-dispatch", find_dispatch("host"))
    done = run(command, "--model", small.directory, *asked, wav)
    assert done.status == 0, done.err
    assert len(done.out.split()) > 5
    # LiteRT prints a line of its own at its first use, which nothing turns off.
    (line,) = [line for line in done.err.splitlines() if "INFO" not in line]
    assert "no NPU is used, but the CPU: " in line


@COMMANDS
def test_the_commands_run_on_the_npu(command: list[str], compiled: Path, wav: Path) -> None:
    asked = ("--accelerator", "npu", "--npu-dispatch", find_dispatch("host"), "--profile")
    done = run(command, "--model", compiled, *asked, wav)
    assert done.status == 0, done.err
    assert len(done.out.split()) > 5
    assert "6.0 s of audio, npu: " in done.err
