"""Sotto and its peers, each one module: see ``peer.py`` for how to write one."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from peers.peer import Peer


@cache
def all_peers() -> dict[str, Peer]:
    """Every module's ``PEER`` by its name, Sotto's first."""
    modules = [import_module(f"peers.{each.name}") for each in pkgutil.iter_modules(__path__)]
    peers: list[Peer] = [module.PEER for module in modules if hasattr(module, "PEER")]
    peers.sort(key=lambda peer: (not peer.name.startswith("sotto"), peer.name))
    return {peer.name: peer for peer in peers}


def peer_named(name: str) -> Peer:
    """Raises KeyError if there is none of that name."""
    return all_peers()[name]
