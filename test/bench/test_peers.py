"""What the harness takes for granted of every peer's module."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from comparison.clips import packaged_clips

from contenders import Contender, choose, fastest
from figures import Result
from measurement import Heard, Job, Measurement
from peers import all_peers
from peers.sotto_native import run_program

BENCH = Path(__file__).resolve().parents[2] / "bench"


def test_sotto_is_first_and_openai_whisper_is_there() -> None:
    names = list(all_peers())
    assert names[0] == "sotto"
    assert "openai-whisper" in names


@pytest.mark.parametrize("name", list(all_peers()))
def test_a_peer_has_settings_and_a_library_to_look_for(name: str) -> None:
    peer = all_peers()[name]
    assert peer.name == name
    assert len(set(peer.settings)) == len(peer.settings) > 0
    assert isinstance(peer.installed(), bool)


def test_no_peers_library_is_imported_before_it_is_measured() -> None:
    # Import time is part of what is measured, and the harness must stay small.
    libraries = sorted({peer.library for peer in all_peers().values()} - {"sotto"} | {"torch"})
    program = (
        f"import sys; sys.path.insert(0, {str(BENCH)!r})\n"
        "from peers import all_peers; all_peers()\n"
        f"print([name for name in {libraries} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_peer_may_be_held_to_one_setting() -> None:
    chosen = choose(["sotto:fp32"], print)
    assert {peer.name: settings for peer, settings in chosen.items()} == {"sotto": ["fp32"]}


@pytest.mark.parametrize("wanted", ["nobody", "sotto:int3"])
def test_who_is_not_there_is_refused(wanted: str) -> None:
    with pytest.raises(KeyError, match=wanted):
        choose([wanted], print)


def timed(contender: Contender, milliseconds: float, noisy: bool = False) -> Result:
    heard = Heard("text", [milliseconds], noisy=noisy)
    rounds = {0: Measurement(0.0, 0.0, 0.0, [heard])}
    return Result("base", 2, "11s", 11.0, contender.name, 0, rounds)


def test_the_fastest_setting_of_each_peer_runs_on() -> None:
    a, b, c, d = (
        Contender(peer, setting, "weights", 0)
        for peer, setting in (("x", "int8"), ("x", "fp32"), ("y", "q8"), ("y", "q5"))
    )
    results = [timed(a, 20.0), timed(b, 10.0), timed(c, 30.0), timed(d, 1.0, noisy=True)]
    assert fastest([a, b, c, d], results) == [b, c]


def test_the_native_programs_profile_is_read(bundle: Callable[[str, str], Path]) -> None:
    wav = next(clip.path for clip in packaged_clips() if clip.path.suffix == ".wav")
    job = Job("sotto-native", "int8", str(bundle("tiny.en", "int8")), 1, False, [], 1)
    (profile,) = run_program(job, [wav], limit=2).profiles
    assert profile["steps"] >= 2
    assert profile["total"] >= profile["encoder"] > 0
