"""Who is measured: the installed peers, in their settings, with weights of one checkpoint."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from figures import Result, call_ms
from peers import all_peers, peer_named
from peers.peer import Peer
from sotto.errors import SottoError
from sotto.terminal import report

WEIGHTS = Path(__file__).resolve().parents[1] / "build" / "bench"


@dataclass(frozen=True)
class Contender:
    """A peer with a setting and its weights.

    Attributes:
        peer: its name.
        setting: one of its settings.
        weights: what it loads.
        disk_bytes: of the weights.
    """

    peer: str
    setting: str
    weights: str
    disk_bytes: int

    @property
    def name(self) -> str:
        """As in tables."""
        return f"{self.peer} {self.setting}"

    def takes(self, seconds: float) -> bool:
        """Whether the peer takes audio of that length in one call."""
        return seconds <= peer_named(self.peer).max_seconds()


def choose(wanted: list[str], report: Callable[[str], None]) -> dict[Peer, list[str]]:
    """Installed peers and those of their settings that may run.

    Args:
        wanted: ``PEER`` (all its settings) or ``PEER:SETTING``; empty is all.
        report: called with a line for each peer that is not installed.

    Raises:
        KeyError: there is no such peer or setting.
    """
    chosen: dict[Peer, list[str]] = {}
    for name in wanted or list(all_peers()):
        peer_name, _, setting = name.partition(":")
        peer = peer_named(peer_name)
        if setting and setting not in peer.settings:
            raise KeyError(name)
        if not peer.installed():
            report(f"{peer.name}: not installed, left out (pip install {peer.distribution})")
            continue
        chosen.setdefault(peer, []).extend([setting] if setting else peer.settings)
    return chosen


def prepare(model: str, chosen: dict[Peer, list[str]]) -> list[Contender]:
    """Makes each peer's weights; a peer that can't is left out with a line that says why."""
    contenders = []
    for peer, setting in ((peer, each) for peer, settings in chosen.items() for each in settings):
        folder = WEIGHTS / peer.name
        folder.mkdir(parents=True, exist_ok=True)
        try:
            weights = peer.prepare(model, setting, folder)
        except SottoError as error:
            report(f"{peer.name} {setting}: no {model}, left out: {error}")
            continue
        size = peer.disk_bytes(weights)
        contenders.append(Contender(peer.name, setting, str(weights), size))
    return contenders


def fastest(contenders: list[Contender], results: list[Result]) -> list[Contender]:
    """Each peer's setting of the shortest median call; its first one where none was measured."""
    calls = {result.contender: result.figure(call_ms) for result in results}

    def milliseconds(contender: Contender) -> float:
        figure = calls.get(contender.name)
        return math.inf if figure is None else figure.median

    best: dict[str, Contender] = {}
    for each in contenders:
        known = best.setdefault(each.peer, each)
        if milliseconds(each) < milliseconds(known):
            best[each.peer] = each
    return list(best.values())
