"""What ``sotto transcribe`` and ``sotto-native`` print, and what each option does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from command_line import NATIVE, SOTTO, run

import sotto

COUNTRY = "ask what you can do for your country."


def as_json(bundle: Path, *arguments: str | Path) -> list[dict[str, object]]:
    """The objects that the command prints, one a line."""
    done = run(SOTTO, "transcribe", "--model", bundle, "--output-format", "json", *arguments)
    assert done.status == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.mark.parametrize("command", [[*SOTTO, "transcribe"], NATIVE])
def test_the_text_alone_goes_to_standard_output(
    command: list[str], tiny_en: Path, jfk_wav: Path
) -> None:
    done = run(command, "--model", tiny_en, "--profile", jfk_wav)
    assert done.status == 0
    assert done.out.endswith(COUNTRY + "\n")
    assert done.out.count("\n") == 1
    profile = r"jfk\.wav: 11\.0 s of audio, 30 s window: \d+ ms .*encoder \d+ in 1 runs, decoder"
    assert re.search(profile, done.err)


@pytest.mark.parametrize("command", [[*SOTTO, "transcribe"], NATIVE])
def test_without_profile_no_times_are_printed(
    command: list[str], tiny_en: Path, jfk_wav: Path
) -> None:
    assert " ms " not in run(command, "--model", tiny_en, jfk_wav).err


def test_several_files_are_a_line_each_in_their_order(
    tiny_en: Path, jfk: Path, jfk_wav: Path
) -> None:
    objects = as_json(tiny_en, "--max-tokens", "3", jfk_wav, jfk, jfk_wav)
    assert [each["file"] for each in objects] == [str(jfk_wav), str(jfk), str(jfk_wav)]
    assert objects[0]["text"] == objects[1]["text"]


def test_json_holds_all_that_the_python_result_does(tiny_en: Path, jfk_wav: Path) -> None:
    (result,) = as_json(tiny_en, "--max-tokens", "3", jfk_wav)
    expected = sotto.load_model(tiny_en).transcribe(jfk_wav, max_tokens=3).to_dict()
    assert set(result) == {"file", *expected}
    for key in ("text", "language", "language_probabilities", "pieces", "duration", "window"):
        assert result[key] == expected[key]


def test_standard_input_is_transcribed(tiny_en: Path, jfk: Path) -> None:
    done = run(SOTTO, "transcribe", "--model", tiny_en, "-", stdin=jfk.read_bytes())
    assert done.status == 0
    assert done.out.endswith(COUNTRY + "\n")


@pytest.mark.parametrize("kind", ["txt", "json"])
def test_with_an_output_directory_each_file_has_its_own(
    tiny_en: Path, jfk_wav: Path, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "jfk.txt").write_text("old")
    done = run(
        *(SOTTO, "transcribe", "--model", tiny_en, "--output-dir", tmp_path / "a" / "b"),
        *("--output-format", kind, jfk_wav),
    )
    assert (done.status, done.out) == (0, "")
    (written,) = (tmp_path / "a" / "b").iterdir()
    assert written.name == f"jfk.{kind}"
    assert COUNTRY in written.read_text()


def test_a_window_that_is_asked_for_is_used(tiny_en: Path, jfk_wav: Path) -> None:
    for seconds, pieces in ((10, 2), (30, 1), (0, 1)):
        (result,) = as_json(tiny_en, "--max-tokens", "1", "--window", str(seconds), jfk_wav)
        assert result["window"] == (seconds or 30)
        assert len(result["pieces"]) == pieces  # type: ignore[arg-type]


@pytest.mark.parametrize("command", [[*SOTTO, "transcribe"], NATIVE])
def test_max_tokens_bounds_the_text(command: list[str], tiny_en: Path, jfk_wav: Path) -> None:
    assert run(command, "--model", tiny_en, "--max-tokens", "2", jfk_wav).out == "And so\n"


def test_the_language_is_detected_or_taken_as_given(base: Path, jfk_wav: Path) -> None:
    (result,) = as_json(base, "--max-tokens", "1", jfk_wav)
    assert result["language"] == "en"
    assert len(result["language_probabilities"]) == 99  # type: ignore[arg-type]
    (result,) = as_json(base, "--max-tokens", "1", "--language", "de", jfk_wav)
    assert (result["language"], result["language_probabilities"]) == ("de", {})


@pytest.mark.parametrize("command", [[*SOTTO, "transcribe"], NATIVE])
def test_translate_is_another_text_than_transcribe(
    command: list[str], base: Path, jfk_wav: Path
) -> None:
    german = [command, "--model", base, "--language", "de", "--max-tokens", "12"]
    texts = {
        task: run(*german, "--task", task, jfk_wav).out for task in ("transcribe", "translate")
    }
    assert texts["translate"].startswith("And so")
    assert texts["transcribe"] != texts["translate"]


def test_a_models_name_is_found_in_the_models_folder(
    tiny_en: Path, jfk_wav: Path, tmp_path: Path
) -> None:
    arguments = ("transcribe", "--model", "tiny.en", "--max-tokens", "1", jfk_wav)
    assert run(SOTTO, *arguments, cwd=tiny_en.parents[1]).out == "And\n"
    variables = {"SOTTO_MODELS": str(tiny_en.parent)}
    assert run(SOTTO, *arguments, cwd=tmp_path, variables=variables).out == "And\n"
    done = run(SOTTO, *arguments, cwd=tmp_path, variables={"HOME": str(tmp_path)})
    assert "models/whisper-tiny.en" in done.error


def test_the_native_command_reads_an_unverified_bundle_when_told_to(
    tiny_en: Path, jfk_wav: Path, tmp_path: Path
) -> None:
    for file in tiny_en.iterdir():
        (tmp_path / file.name).symlink_to(file)
    manifest = json.loads((tiny_en / "manifest.json").read_text())
    manifest["files"]["tokenizer.tiktoken"]["sha256"] = "0" * 64
    (tmp_path / "manifest.json").unlink()
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    arguments = ("--model", tmp_path, "--max-tokens", "1", jfk_wav)
    assert "sha256 differs" in run(NATIVE, *arguments).error
    assert run(NATIVE, "--no-verify", *arguments).out == "And\n"


def test_the_native_command_takes_the_library_by_option(tiny_en: Path, jfk_wav: Path) -> None:
    done = run(NATIVE, "--model", tiny_en, "--litert", "/gone.so", jfk_wav)
    assert "/gone.so" in done.error


@pytest.mark.parametrize("command", [SOTTO, NATIVE])
def test_version_and_help_go_to_standard_output(command: list[str]) -> None:
    version = run(command, "--version")
    assert (version.status, version.err) == (0, "")
    assert version.out.split()[-1] == sotto.__version__
    usage = run(command, "--help")
    assert (usage.status, usage.err) == (0, "")
    assert "transcribe" in usage.out.lower()


def test_without_a_command_the_help_is_printed() -> None:
    assert "transcribe" in run(SOTTO).out + run(SOTTO).err
