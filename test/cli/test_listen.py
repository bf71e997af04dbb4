"""``sotto listen`` over recordings: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import SOTTO, environment, run
from finished import Finished

LISTEN = [*SOTTO, "listen", "--language", "en"]


@pytest.fixture(scope="module")
def done(tiny_en: Path, vad: Path, jfk: Path) -> Finished:
    """A recording, as fast as it goes, without further options."""
    return run(LISTEN, "--model", tiny_en, "--vad", vad, "--file", jfk, "--pace", "fast")


def test_an_utterance_is_a_line_of_text(done: Finished) -> None:
    assert done.status == 0
    assert "ask what you can do" in done.out
    assert all(line == line.strip() for line in done.out.splitlines())
    assert done.out.endswith("\n")
    assert " words " not in done.err


def test_json_is_a_word_a_line_with_its_times(
    done: Finished, tiny_en: Path, vad: Path, jfk: Path
) -> None:
    listen = [*LISTEN, "--model", str(tiny_en), "--vad", str(vad), "--pace", "fast"]
    lines = run(listen, "--file", jfk, "--output_format", "json").out.splitlines()
    words = [json.loads(line) for line in lines]
    assert "".join(word["word"] for word in words).split() == done.out.split()
    for word in words:
        assert list(word) == ["word", "start", "end", "probability", "confirmed_at", "utterance"]
        assert 0 <= word["start"] <= word["end"] <= word["confirmed_at"] <= 11.01
    assert [word["start"] for word in words] == sorted(word["start"] for word in words)


def test_profile_says_how_late_words_are(
    tiny_en: Path, vad: Path, recording: Callable[[str], Path]
) -> None:
    listen = [*LISTEN, "--model", str(tiny_en), "--vad", str(vad), "--profile"]
    listen += ["--file", str(recording("mr_quilter.flac"))]
    figures = (
        r"5\.9 s of audio: \d+ decodings in [\d.]+ s, \d+% of real time; \d+ words confirmed "
        r"after [\d.]+ s \(median\), [\d.]+ s \(90%\), [\d.]+ s \(longest\), "
    )
    done = run(listen, "--pace", "fast")
    assert re.search(figures + "in audio time, and the push's own", done.err), done.err
    done = run(listen, "--pace", "real", "--step", "2")
    assert re.search(figures + "by the clock", done.err), done.err


def test_without_a_detector_the_whole_is_heard(tiny_en: Path, jfk: Path) -> None:
    done = run(LISTEN, "--model", tiny_en, "--vad", "False", "--file", jfk, "--pace", "fast")
    words = re.findall(r"\w+", done.out)  # a cut in mid-sentence may leave a full stop
    assert words[-3:] == ["for", "your", "country"]


def test_ctrl_c_prints_what_is_pending_and_succeeds(tiny_en: Path, vad: Path, jfk: Path) -> None:
    listen = [*LISTEN, "--model", str(tiny_en), "--vad", str(vad), "--profile"]
    listen += ["--file", str(jfk), "--pace", "real"]
    command = subprocess.Popen(
        listen, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), bufsize=0
    )
    assert command.stdout is not None
    # Once a word is confirmed, others are not.
    first = command.stdout.read(1)
    command.send_signal(signal.SIGINT)
    rest, err = command.communicate(timeout=60)
    assert command.returncode == 0, err.decode()
    words = (first + rest).decode()
    assert words.lower().startswith("and so")
    assert words.endswith("\n")
    assert "do for your country." not in words  # it stopped before the end
    assert b"words confirmed" in err
    assert b"Traceback" not in err


def test_a_terminal_shows_what_may_change_and_keeps_what_is_confirmed(
    tiny_en: Path, vad: Path, jfk: Path
) -> None:
    listen = [*LISTEN, "--model", str(tiny_en), "--vad", str(vad), "--file", str(jfk)]
    terminal, ours = pty.openpty()
    command = subprocess.Popen(
        [*listen, "--pace", "fast"],
        stdout=ours,
        stderr=ours,
        env=environment(TERM="xterm", COLUMNS="60"),
    )
    os.close(ours)
    seen = b""
    while True:
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # what Linux says at a terminal's end
            break
    assert command.wait(timeout=60) == 0
    os.close(terminal)
    text = seen.decode()
    assert "\x1b[2m" in text  # dim
    # What is left on the screen: each line after it was last erased.
    lines = [line.rsplit("\x1b[2K", 1)[-1].rstrip("\r") for line in text.split("\n")]
    assert "ask what you can do" in " ".join(lines)
    assert "\x1b[2m" not in "".join(lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--file", "gone.wav"), "gone.wav: no such file"),
        (("--file", "a.wav", "--microphone", "usb"), "--file and --microphone: give one"),
        (("--file", "a.wav", "--step", "9"), r"step 9: expected 0\.1 to 4\.5 seconds"),
        (("--file", "a.wav", "--vad", "nowhere"), "no bundle 'nowhere'"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    tiny_en: Path, vad: Path, arguments: tuple[str, ...], said: str
) -> None:
    if "--vad" not in arguments:
        arguments += ("--vad", str(vad))
    done = run(LISTEN, "--model", tiny_en, *arguments)
    assert done.status == 1
    assert re.search(said, done.error), done.err


def test_without_a_microphone_the_command_says_what_to_do(tiny_en: Path, vad: Path) -> None:
    # Whatever is missing here: the package, PortAudio, or a device of that name.
    done = run(LISTEN, "--model", tiny_en, "--vad", vad, "--microphone", "none of this name")
    assert done.status == 1
    assert re.search("sotto\\[listen\\]|libportaudio2|can't open microphone", done.error)
