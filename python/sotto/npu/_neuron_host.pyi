# Recorded graphs and their execution: cpp/neuron_host/python/module.cc.

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Array = NDArray[Any]

class Network:
    def __init__(self, path: str | PathLike[str]) -> None: ...
    @property
    def soc(self) -> str: ...
    @property
    def operations(self) -> list[str]: ...
    @property
    def input_shapes(self) -> list[tuple[int, ...]]: ...
    @property
    def output_shapes(self) -> list[tuple[int, ...]]: ...

class Executor:
    def __init__(
        self,
        network: Network,
        *,
        storage: str = "fp16",
        accumulate: str = "fp32",
        gelu: str = "tanh",
        threads: int = 1,
    ) -> None: ...
    def run(
        self,
        inputs: Sequence[np.ndarray],
        watch: Callable[[int, list[_Array]], None] | None = None,
        *,
        places: Sequence[int] | None = None,
    ) -> list[_Array]: ...
