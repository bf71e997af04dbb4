"""The NPU's arithmetic as far as it is public, and recorded graphs executed in it.

``cpp/neuron_host`` computes (its ``executor.h`` and ``arithmetic.h`` say how).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sotto._runtime import usable_cpus
from sotto.errors import DeviceError

if TYPE_CHECKING:
    from sotto.npu._neuron_host import Executor


@dataclass(frozen=True)
class Arithmetic:
    """How the numbers of a float graph are stored and summed.

    Quantised tensors are integers whatever is chosen here.

    Attributes:
        storage: of every tensor.
        accumulate: of a matrix product's sums: rounded once, or to fp16 every 32 products.
        gelu: the form that GELU is computed in: ``tanh`` as the NPU does.
    """

    storage: Literal["fp32", "fp16"] = "fp16"
    accumulate: Literal["fp32", "fp16"] = "fp32"
    gelu: Literal["tanh", "erf"] = "tanh"


def open_executor(recorded: Path, arithmetic: Arithmetic) -> Executor:
    """An executor of a recorded graph, on all CPUs that this process may use.

    Args:
        recorded: file that ``sotto.npu.plugin.partition`` had written.
        arithmetic: how numbers are stored and summed.

    Raises:
        DeviceError: this build of Sotto has no executor.
        ModelError: the file is damaged, or has an operation that is not computed.
    """
    try:
        from sotto.npu._neuron_host import Executor, Network
    except ImportError as error:
        raise DeviceError(
            f"this build of Sotto has no executor of recorded graphs, which is built on Linux "
            f"alone ({error})"
        ) from error
    return Executor(
        Network(recorded),
        storage=arithmetic.storage,
        accumulate=arithmetic.accumulate,
        gelu=arithmetic.gelu,
        threads=usable_cpus(),
    )
