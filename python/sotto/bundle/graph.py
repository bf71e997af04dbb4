"""A graph's tensors, the tables beside it, and how the manifest names files and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from sotto.bundle.codec import Pattern, Range

LARGEST = 1 << 24
"""Of any count in a manifest, so that products of a few stay in range."""

FRAMES_PER_SECOND = 100
"""Log-mel frames: 16,000 samples a second, hop 160."""

_PART = r"(?!\.{1,2}(?:/|$))[^/\\:\x00-\x1f\x7f]+"

Text = Annotated[str, Pattern(r"(?s).+", "a text that is not empty")]
FileName = Annotated[
    str,
    Pattern(rf"(?!manifest\.json$){_PART}(?:/{_PART})*", "the name of a file inside the bundle"),
]
Sha256 = Annotated[str, Pattern(r"[0-9a-f]{64}", "64 hexadecimal digits")]
Version = Annotated[str, Pattern(r"(?:[0-9][0-9.]*)?", "a version, or nothing")]
Count = Annotated[int, Range(1, LARGEST)]
Index = Annotated[int, Range(0, LARGEST)]
Bytes = Annotated[int, Range(0, 1 << 53)]
Masked = Annotated[float, Range(-65504, -1)]
"""A score where nothing is attended to: finite in fp16, which NPUs compute in."""

Gelu = Literal["erf", "tanh", "quick"]
Role = Literal["step", "prefill", "alignment"]
TableType = Literal["fp32", "fp16", "int8"]


@dataclass(frozen=True)
class TensorSpec:
    """One float32 tensor of a signature."""

    name: Text
    shape: tuple[Count, ...]


@dataclass(frozen=True)
class Signature:
    """A graph's name with its inputs and outputs, in the order of the module's arguments."""

    name: Text
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def shape(self, tensor: str) -> tuple[int, ...]:
        """Of an input, or else of an output. Raises KeyError."""
        return {spec.name: spec.shape for spec in (*self.outputs, *self.inputs)}[tensor]

    def in_file(self, file: str, role: Role | None = None) -> Graph:
        """The signature as that of a file."""
        return Graph(self.name, self.inputs, self.outputs, file, role)


@dataclass(frozen=True)
class Graph(Signature):
    """A signature of a file.

    Attributes:
        file: of the bundle.
        role: what a decoder's graph is for.
    """

    file: FileName
    role: Role | None = None


@dataclass(frozen=True)
class TokenTable:
    """Rows ``[V, width]`` that the host reads.

    Attributes:
        file: a ``.npy``, or any other with the table in its middle.
        dtype: of the rows.
        offset: bytes, of a table in the middle of a file.
        scales: file of float32 ``[V]``, of int8: row = int8 row * scale.
    """

    file: FileName
    dtype: TableType
    offset: Bytes | None = None
    scales: FileName | None = None

    @property
    def files(self) -> set[str]:
        """One, or two."""
        return {self.file, *([self.scales] if self.scales else [])}

    def fault(self) -> str | None:
        """What does not fit together in it, None where all does."""
        if (self.dtype == "int8") != (self.scales is not None):
            return f"dtype is {self.dtype}, and scales are of int8 alone, and needed there"
        return None
