"""What is public of each SoC's NPU and memory (``socs.json``), each figure with its source.

A figure is a range. Where nothing public was found, it is wide, and says that it is assumed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from sotto.errors import OptionError


@dataclass(frozen=True)
class Figure:
    """A range, and where it is from.

    Attributes:
        low: least.
        high: most; equal to ``low`` where one figure is published.
        sources: titles with addresses; empty where nothing was found.
        assumed: what was assumed and why; empty where nothing was.
    """

    low: float
    high: float
    sources: tuple[str, ...]
    assumed: str


@dataclass(frozen=True)
class Soc:
    """A SoC, as far as it is public.

    Attributes:
        key: MediaTek's part, such as ``mt6991``; another maker's SoC by a name.
        name: on the market.
        npu: name or generation of the NPU.
        memory: its type.
        boards: Genio's boards of it.
        tops_int8: tera-operations (two a multiply-add) a second in int8, at most.
        fp16_of_int8: share of that rate for fp16.
        int16_of_int8: for int16.
        memory_gbs: GB/s of memory, at most.
        on_chip_mib: MiB of memory that keep activations from going out.
        compiled: what became of it when Whisper was compiled for it in public; may be empty.
    """

    key: str
    name: str
    npu: str
    memory: str
    boards: tuple[str, ...]
    tops_int8: Figure
    fp16_of_int8: Figure
    int16_of_int8: Figure
    memory_gbs: Figure
    on_chip_mib: Figure
    compiled: str

    def figures(self) -> dict[str, Figure]:
        """All figures, by name."""
        return {
            "tops_int8": self.tops_int8,
            "fp16_of_int8": self.fp16_of_int8,
            "int16_of_int8": self.int16_of_int8,
            "memory_gbs": self.memory_gbs,
            "on_chip_mib": self.on_chip_mib,
        }

    def peak(self, precision: str) -> tuple[float, float]:
        """Least and most tera-operations a second in ``fp16``, ``int8`` or ``int16``."""
        low, high = self.tops_int8.low, self.tops_int8.high
        if precision == "int8":
            return low, high
        share = self.fp16_of_int8 if precision == "fp16" else self.int16_of_int8
        return low * share.low, high * share.high


@cache
def mediatek() -> dict[str, Soc]:
    """MediaTek's SoCs that LiteRT's compiler plugin knows, by part."""
    return {key: _soc(key, entry) for key, entry in _table()["socs"].items()}


@cache
def peers() -> dict[str, Soc]:
    """Other makers' SoCs of which measurements are published."""
    return {key: _soc(key, entry) for key, entry in _table()["peers"].items()}


@cache
def launch_ms() -> Figure:
    """What one invocation costs apart from its work, in milliseconds."""
    return _figure(_table()["launch_ms"])


def find_soc(name: str) -> Soc:
    """A SoC of either table. Raises OptionError."""
    found = mediatek().get(name) or peers().get(name)
    if found is None:
        known = ", ".join((*mediatek(), *peers()))
        raise OptionError(f"soc {name!r}: there are figures of {known}")
    return found


def chosen(text: str) -> list[str]:
    """``all`` of MediaTek's, or names with commas between. Raises OptionError."""
    if text == "all":
        return list(mediatek())
    names = [name.strip().lower() for name in text.split(",")]
    return [find_soc(name).key for name in dict.fromkeys(names)]


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads((files("sotto.npu") / "socs.json").read_text("utf-8"))
    return table


def _soc(key: str, entry: dict[str, Any]) -> Soc:
    figures = {name: _figure(figure) for name, figure in entry["figures"].items()}
    compiled = entry.get("compiled")
    return Soc(
        key=key,
        name=entry["name"],
        npu=entry["npu"],
        memory=entry["memory"],
        boards=tuple(entry.get("boards", ())),
        compiled=f"{compiled['text']} ({_source(compiled['source'])})" if compiled else "",
        **figures,
    )


def _figure(entry: dict[str, Any]) -> Figure:
    low, high = entry["range"]
    sources = tuple(_source(name) for name in entry["sources"])
    return Figure(float(low), float(high), sources, entry.get("assumed", ""))


def _source(name: str) -> str:
    source = _table()["sources"][name]
    return f"{source['title']}, {source['url']}" if source["url"] else str(source["title"])
