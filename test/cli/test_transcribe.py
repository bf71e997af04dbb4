"""What ``sotto transcribe`` and ``sotto-native`` print, and what each option does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import BRIEF, NATIVE, SOTTO, run

import sotto
from sotto.asr.formats import FORMATS, LineOptions

COUNTRY = "ask what you can do for your country"


def as_json(bundle: Path, *arguments: str | Path) -> list[dict[str, Any]]:
    """The objects that the command prints, one a line."""
    done = run(SOTTO, "transcribe", "--model", bundle, "--output_format", "json", *arguments)
    assert done.status == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.mark.parametrize(("command", "lines"), [([*SOTTO, "transcribe"], 2), (NATIVE, 1)])
def test_the_text_alone_goes_to_standard_output(
    command: list[str], lines: int, tiny_en: Path, jfk_wav: Path
) -> None:
    done = run(command, "--model", tiny_en, "--profile", jfk_wav)
    assert done.status == 0
    assert done.out.startswith("And so my fellow Americans")
    assert done.out.endswith(COUNTRY + "\n")
    assert done.out.count("\n") == lines
    profile = r"jfk\.wav: 11\.0 s of audio, cpu: \d+ ms .*encoder \d+ in 1 runs, decoder"
    assert re.search(profile, done.err)


@pytest.mark.parametrize("command", [[*SOTTO, "transcribe"], NATIVE])
def test_without_profile_no_times_are_printed(
    command: list[str], tiny_en: Path, jfk_wav: Path
) -> None:
    assert " ms " not in run(command, "--model", tiny_en, jfk_wav).err


def test_several_files_are_a_line_each_in_their_order(
    tiny_en: Path, jfk: Path, jfk_wav: Path
) -> None:
    objects = as_json(tiny_en, *BRIEF, "3", jfk_wav, jfk, jfk_wav)
    assert [each["file"] for each in objects] == [str(jfk_wav), str(jfk), str(jfk_wav)]
    assert objects[0]["text"] == objects[1]["text"]


def test_json_is_what_transcribe_gives(tiny_en: Path, jfk_wav: Path) -> None:
    (result,) = as_json(tiny_en, jfk_wav)
    model = sotto.load_model(tiny_en)
    expected = model.transcribe(jfk_wav, best_of=5)
    assert result == {"file": str(jfk_wav), **expected}


def test_standard_input_is_transcribed(tiny_en: Path, jfk: Path) -> None:
    done = run(SOTTO, "transcribe", "--model", tiny_en, "-", stdin=jfk.read_bytes())
    assert done.status == 0
    assert done.out.endswith(COUNTRY + "\n")


@pytest.mark.parametrize("kind", FORMATS)
def test_with_an_output_directory_each_file_has_its_own(
    tiny_en: Path, jfk_wav: Path, tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "a" / "b"
    done = run(
        *(SOTTO, "transcribe", "--model", tiny_en, "--output_dir", folder),
        *("--output_format", kind, jfk_wav),
    )
    assert (done.status, done.out) == (0, "")
    (written,) = folder.iterdir()
    assert written.name == f"jfk.{kind}"
    assert COUNTRY in written.read_text()


def test_a_file_of_before_is_replaced(tiny_en: Path, jfk_wav: Path, tmp_path: Path) -> None:
    (tmp_path / "jfk.txt").write_text("old")
    run(SOTTO, "transcribe", "--model", tiny_en, "--output_dir", tmp_path, *BRIEF, "2", jfk_wav)
    assert (tmp_path / "jfk.txt").read_text() == "And so\n"


def test_all_formats_are_written_where_the_command_runs(
    tiny_en: Path, jfk_wav: Path, tmp_path: Path
) -> None:
    arguments = ("--model", tiny_en, "--output_format", "all", jfk_wav)
    done = run(SOTTO, "transcribe", *arguments, cwd=tmp_path)
    assert (done.status, done.out) == (0, "")
    assert {path.name for path in tmp_path.iterdir()} == {f"jfk.{name}" for name in FORMATS}
    # The same result as openai-whisper's JSON file, in each format.
    result = json.loads((tmp_path / "jfk.json").read_text())
    for name, write in FORMATS.items():
        assert (tmp_path / f"jfk.{name}").read_text() == write(result, LineOptions())


@pytest.mark.parametrize("spelling", [str, lambda name: name.replace("_", "-")])
def test_options_are_spelt_with_either_line(
    tiny_en: Path, jfk_wav: Path, spelling: Callable[[str], str]
) -> None:
    arguments = [spelling(each) if each.startswith("--") else each for each in BRIEF]
    options = [spelling("--output_format"), "tsv", spelling("--fp16"), "False"]
    done = run(SOTTO, "transcribe", "--model", tiny_en, *options, *arguments, "2", jfk_wav)
    assert done.out.startswith("start\tend\ttext\n0\t")
    assert done.out.endswith("\tAnd so\n")


def test_a_window_that_is_asked_for_is_used(tiny_en: Path, jfk_wav: Path) -> None:
    for seconds, segments in ((10, 2), (30, 1), (0, 1)):
        (result,) = as_json(tiny_en, *BRIEF, "3", "--window", str(seconds), jfk_wav)
        assert len(result["segments"]) == segments


@pytest.mark.parametrize("command", [[*SOTTO, "transcribe"], NATIVE])
def test_sample_len_bounds_the_text(command: list[str], tiny_en: Path, jfk_wav: Path) -> None:
    out = run(command, "--model", tiny_en, "--sample-len", "3", jfk_wav).out.strip()
    assert out.startswith("And")
    assert "And so my fellow".startswith(out)


# ---- what is shown -----------------------------------------------------------------------

LINE = "[00:00.000 --> "


def test_segments_are_shown_beside_the_result(tiny_en: Path, jfk_wav: Path, tmp_path: Path) -> None:
    arguments = (SOTTO, "transcribe", "--model", tiny_en, "--verbose", "True", jfk_wav)
    done = run(*arguments)
    assert LINE in done.err
    assert LINE not in done.out
    done = run(*arguments, "--output_dir", tmp_path)
    assert done.out.startswith(LINE)
    assert LINE not in done.err


def test_the_detected_language_is_shown_before_the_segments(base: Path, jfk_wav: Path) -> None:
    done = run(SOTTO, "transcribe", "--model", base, "--verbose", "True", *BRIEF, "3", jfk_wav)
    assert f"Detected language: English\n{LINE}" in done.err


def test_without_a_terminal_nothing_is_shown(tiny_en: Path, jfk_wav: Path) -> None:
    done = run(SOTTO, "transcribe", "--model", tiny_en, *BRIEF, "2", jfk_wav)
    assert not [line for line in done.err.splitlines() if not line.startswith("INFO")]


def test_line_options_that_have_no_effect_are_warned_of(base: Path, jfk_wav: Path) -> None:
    words = ("--word_timestamps", "True", "--language", "en")
    arguments = (SOTTO, "transcribe", "--model", base, "--output_format", "srt", *words, jfk_wav)
    done = run(*arguments, "--max_line_count", "2")
    assert "warning: --max_line_count has no effect without --max_line_width" in done.err
    done = run(*arguments, "--max_line_width", "40", "--max_words_per_line", "3")
    assert "warning: --max_words_per_line has no effect with --max_line_width" in done.err


# ---- language and task -------------------------------------------------------------------


def test_the_language_is_detected_or_taken_as_given(base: Path, jfk_wav: Path) -> None:
    for given, language in (("", "en"), ("None", "en"), ("de", "de"), ("German", "de")):
        (result,) = as_json(base, *BRIEF, "1", "--language", given, jfk_wav)
        assert result["language"] == language


@pytest.mark.parametrize("command", [[*SOTTO, "transcribe"], NATIVE])
def test_translate_is_another_text_than_transcribe(
    command: list[str], base: Path, jfk_wav: Path
) -> None:
    german = [command, "--model", base, "--language", "de", "--sample-len", "12"]
    texts = {
        task: run(*german, "--task", task, jfk_wav).out for task in ("transcribe", "translate")
    }
    assert texts["translate"].startswith("And so")
    assert texts["transcribe"] != texts["translate"]


def test_a_models_name_is_found_in_the_models_folder(
    tiny_en: Path, jfk_wav: Path, tmp_path: Path
) -> None:
    arguments = ("transcribe", "--model", "tiny.en", *BRIEF, "1", jfk_wav)
    assert run(SOTTO, *arguments, cwd=tiny_en.parents[1]).out == "And\n"
    variables = {"SOTTO_MODELS": str(tiny_en.parent)}
    assert run(SOTTO, *arguments, cwd=tmp_path, variables=variables).out == "And\n"
    folder = ("--model_dir", tiny_en.parent)
    assert run(SOTTO, *arguments, *folder, cwd=tmp_path).out == "And\n"
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
    arguments = ("--model", tmp_path, "--sample-len", "3", jfk_wav)
    assert "sha256 differs" in run(NATIVE, *arguments).error
    assert run(NATIVE, "--no-verify", *arguments).out.startswith("And")


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


def test_the_native_command_prints_the_tokens_of_each_segment(tiny_en: Path, jfk_wav: Path) -> None:
    written = run(SOTTO, "transcribe", "--model", tiny_en, "--output_format", "json", jfk_wav)
    segments = json.loads(written.out)["segments"]
    done = run(NATIVE, "--model", tiny_en, "--tokens", jfk_wav)
    assert [[int(token) for token in line.split()] for line in done.out.splitlines()] == [
        segment["tokens"] for segment in segments
    ]
