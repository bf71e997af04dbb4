"""Bad input to ``sotto transcribe`` and ``sotto-native``: one line, a status, nothing else."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
from pathlib import Path

import pytest
from command_line import BRIEF, NATIVE, SOTTO, environment, run

# What is wrong, and what each command's one line must say of it.
BAD_FILES = {
    "gone": ("no such file", "No such file"),
    "folder": ("is a directory", "folder"),
    "text": ("is not audio", "WAV"),
    "nothing": ("nothing.wav: ", "WAV"),
    "empty": ("holds no samples", "empty.wav: "),
    "nan": ("sample 800 (0.050 s) is nan", "nan.wav: "),
    "inf": ("sample 800 (0.050 s) is inf", "inf.wav: "),
    "short": ("the audio is 0.05", "the audio is 0.05"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_is_one_line_that_names_it(
    tiny_en: Path, bad_files: dict[str, Path], kind: str
) -> None:
    done = run(SOTTO, "transcribe", "--model", tiny_en, bad_files[kind])
    assert (done.status, done.out) == (1, "")
    assert done.error.startswith(f"{bad_files[kind]}: ")
    assert BAD_FILES[kind][0] in done.error


@pytest.mark.parametrize("kind", BAD_FILES)
def test_the_native_command_says_so_too(
    tiny_en: Path, bad_files: dict[str, Path], kind: str
) -> None:
    done = run(NATIVE, "--model", tiny_en, bad_files[kind])
    assert (done.status, done.out) == (1, "")
    assert done.error.startswith(f"{bad_files[kind]}: ")
    assert done.error.count(str(bad_files[kind])) == 1
    assert BAD_FILES[kind][1] in done.error


def test_the_native_command_says_how_to_convert_what_it_does_not_read(
    tiny_en: Path, jfk: Path
) -> None:
    assert "ffmpeg" in run(NATIVE, "--model", tiny_en, jfk).error


def test_a_bad_file_among_good_ones_costs_only_itself(
    tiny_en: Path, jfk_wav: Path, bad_files: dict[str, Path]
) -> None:
    for command in ([*SOTTO, "transcribe"], NATIVE):
        done = run(command, "--model", tiny_en, jfk_wav, bad_files["gone"], jfk_wav)
        assert done.status == 1
        assert done.out.count("ask what you can do for your country") == 2
        assert done.error.startswith(str(bad_files["gone"]))


@pytest.mark.parametrize("command", [[*SOTTO, "transcribe"], NATIVE])
def test_a_bundle_that_is_none_is_one_line(
    command: list[str], tmp_path: Path, jfk_wav: Path
) -> None:
    done = run(command, "--model", tmp_path, jfk_wav)
    assert (done.status, done.out) == (1, "")
    assert "it is not a bundle" in done.error


@pytest.mark.parametrize("command", [[*SOTTO, "transcribe"], NATIVE])
def test_a_litert_library_that_is_none_is_one_line(
    command: list[str], tiny_en: Path, jfk_wav: Path
) -> None:
    done = run(command, "--model", tiny_en, jfk_wav, variables={"SOTTO_LITERT": "/gone.so"})
    assert (done.status, done.out) == (1, "")
    assert "can't load the LiteRT library /gone.so" in done.error


# ---- options -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--language", "fr", 'language "fr".*transcribes English only; use a multilingual one'),
        ("--task", "translate", 'task "translate".*transcribes English only'),
        ("--window", "20", "window 20: the bundle has windows of 10 (16 )?30 seconds"),
        ("--sample-len", "449", "sample_len 449: expected 0 to 448"),
        ("--threads", "1025", "threads 1025: expected 0 to 1024"),
    ],
)
@pytest.mark.parametrize("command", [[*SOTTO, "transcribe"], NATIVE])
def test_a_value_out_of_range_is_named_with_the_range(
    command: list[str], tiny_en: Path, jfk_wav: Path, option: str, value: str, message: str
) -> None:
    done = run(command, "--model", tiny_en, option, value, jfk_wav)
    assert (done.status, done.out) == (1, "")
    assert re.search(message, done.error)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--temperature_increment_on_fallback", "0", "temperature_increment_on_fallback is 0.0"),
        ("--suppress_tokens", "-1,all", "suppress_tokens is '-1,all'; expected integers between"),
        ("--clip_timestamps", "0-5", "clip_timestamps is '0-5'; expected numbers between commas"),
        ("--device", "npu", "device 'npu': expected cpu; the NPU is accelerator="),
        ("--seed", "-1", "seed is -1; expected an integer from 0"),
        ("--language", "klingon", "language is 'klingon'; expected None"),
    ],
)
def test_a_value_of_another_type_is_named(
    tiny_en: Path, jfk_wav: Path, option: str, value: str, message: str
) -> None:
    done = run(SOTTO, "transcribe", "--model", tiny_en, option, value, jfk_wav)
    assert (done.status, done.out) == (1, "")
    assert message in done.error


@pytest.mark.parametrize("option", ["--window", "--sample_len", "--threads"])
@pytest.mark.parametrize("value", ["-1", "99999999999999999999"])
def test_a_number_that_no_integer_holds_is_named(
    tiny_en: Path, jfk_wav: Path, option: str, value: str
) -> None:
    done = run(SOTTO, "transcribe", "--model", tiny_en, option, value, jfk_wav)
    assert (done.status, done.out) == (1, "")
    assert option.strip("-").replace("-", "_") in done.error


@pytest.mark.parametrize("language", ["xx", "", "\udcff", "en\n"])
def test_an_unknown_language_is_named_with_those_there_are(
    base: Path, jfk_wav: Path, language: str
) -> None:
    done = run(SOTTO, "transcribe", "--model", base, "--language", language, jfk_wav)
    if not language:  # as if it were not given
        assert done.status == 0
        return
    assert (done.status, done.out) == (1, "")
    assert "language" in done.error
    assert "expected" in done.error


@pytest.mark.parametrize(
    "arguments",
    [
        ["--task", "sing"],
        ["--output_format", "docx"],
        ["--word_timestamps", "perhaps"],
        ["--beam_size", "many"],
        ["--highlight_words", "True"],
        ["--max_line_width", "40"],
        ["--window", "ten"],
        ["--unknown"],
        [],
    ],
    ids=" ".join,
)
def test_arguments_that_do_not_parse_are_a_usage_error(
    tiny_en: Path, jfk_wav: Path, arguments: list[str]
) -> None:
    files = [jfk_wav] if arguments else []
    done = run(SOTTO, "transcribe", "--model", tiny_en, *arguments, *files)
    assert (done.status, done.out) == (2, "")
    assert "Usage: " in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--window", "ten"],
        ["--threads", "-1"],
        ["--sample-len", ""],
        ["--language"],
        ["--unknown"],
        [],
    ],
    ids=" ".join,
)
def test_arguments_that_the_native_command_does_not_parse_are_a_usage_error(
    tiny_en: Path, arguments: list[str]
) -> None:
    done = run(NATIVE, "--model", tiny_en, *arguments)
    assert (done.status, done.out) == (2, "")
    assert "try sotto-native --help" in done.err


# ---- where results go --------------------------------------------------------------------


@pytest.mark.parametrize("command", [[*SOTTO, "transcribe"], NATIVE])
def test_a_full_disk_under_standard_output_is_an_error(
    command: list[str], tiny_en: Path, jfk_wav: Path
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*command, "--model", str(tiny_en), str(jfk_wav)],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
        )
    assert done.returncode == 1
    assert b"can't write to standard output (No space left on device)" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_a_reader_that_leaves_early_ends_the_command_quietly(tiny_en: Path, jfk_wav: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*SOTTO, "transcribe", "--model", str(tiny_en), str(jfk_wav), str(jfk_wav)],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert done.returncode == 1
    assert b"rror" not in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_closed_standard_output_is_an_error(tiny_en: Path, jfk_wav: Path) -> None:
    shell = ["bash", "-c", '"$@" >&-', "bash", *SOTTO]
    done = run(shell, "transcribe", "--model", tiny_en, jfk_wav)
    assert done.status == 1
    assert "standard output is closed; use --output_dir" in done.error


def test_a_place_where_nothing_can_be_written_is_refused_before_the_work(
    tiny_en: Path, jfk_wav: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        done = run(SOTTO, "transcribe", "--model", tiny_en, "--output-dir", place, jfk_wav)
        assert (done.status, done.out) == (1, "")
        assert f"can't write in {place}" in done.error
        assert "choose another --output_dir" in done.error
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("kind", ["txt", "all"])
def test_a_file_that_can_not_be_written_whole_is_not_written(
    tiny_en: Path, jfk_wav: Path, tmp_path: Path, kind: str
) -> None:
    def no_file_beyond_16_bytes() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))

    done = run(
        *(SOTTO, "transcribe", "--model", tiny_en, "--output-dir", tmp_path, jfk_wav),
        *("--output_format", kind),
        preexec=no_file_beyond_16_bytes,
    )
    assert (done.status, done.out) == (1, "")
    assert f"can't write {tmp_path / 'jfk.txt'} (File too large)" in done.error
    assert list(tmp_path.iterdir()) == []


def test_a_name_too_long_to_write_is_an_error(tiny_en: Path, jfk_wav: Path, tmp_path: Path) -> None:
    long = tmp_path / f"{'x' * 250}.wav"
    long.symlink_to(jfk_wav)
    done = run(SOTTO, "transcribe", "--model", tiny_en, "--output-dir", tmp_path / "out", long)
    assert done.status == 1
    assert "can't write" in done.error


def test_two_files_that_would_be_written_to_one_are_refused(
    tiny_en: Path, jfk: Path, jfk_wav: Path, tmp_path: Path
) -> None:
    done = run(SOTTO, "transcribe", "--model", tiny_en, "--output-dir", tmp_path, jfk, jfk_wav)
    assert (done.status, done.out) == (1, "")
    assert "2 of the files would be written to jfk.txt" in done.error


@pytest.mark.parametrize("kind", ["srt", "vtt", "tsv", "lrc"])
def test_subtitles_of_several_files_are_not_run_together(
    tiny_en: Path, jfk_wav: Path, kind: str
) -> None:
    done = run(
        *(SOTTO, "transcribe", "--model", tiny_en, "--output_format", kind, jfk_wav, jfk_wav),
    )
    assert (done.status, done.out) == (1, "")
    assert f"the {kind} of 2 files can't follow one another on standard output" in done.error
    assert "give --output_dir" in done.error


# ---- standard input ----------------------------------------------------------------------


@pytest.mark.parametrize("stdin", [b"", b"not audio"])
def test_standard_input_that_is_no_audio_is_an_error(tiny_en: Path, stdin: bytes) -> None:
    done = run(SOTTO, "transcribe", "--model", tiny_en, "-", stdin=stdin)
    assert (done.status, done.out) == (1, "")
    assert "standard input" in done.error


def test_a_closed_standard_input_is_an_error(tiny_en: Path) -> None:
    done = run(["bash", "-c", '"$@" <&-', "bash", *SOTTO], "transcribe", "--model", tiny_en, "-")
    assert (done.status, done.out) == (1, "")
    assert "standard input" in done.error


# ---- names -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["[bold]", "[/]", "[/nope] x", "\udcff", "two\nlines"])
def test_any_name_of_a_file_may_be_transcribed(
    tiny_en: Path, jfk_wav: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)  # a slash in a name is a folder
    (tmp_path / name).symlink_to(jfk_wav)
    done = run(
        *(SOTTO, "transcribe", "--model", tiny_en, *BRIEF, "1", "--profile"),
        *("--output-format", "json", str(tmp_path / name)),
    )
    assert done.status == 0
    assert json.loads(done.out)["file"] == str(tmp_path / name)
