"""MediaTek's own compiler plugin, as the LiteRT package ships it, run over a .tflite file.

The plugin asks a library ``libneuron_adapter.so`` which operations it supports: the vendor's where
its SDK is installed (the package ``ai_edge_litert_sdk_mediatek``, or a folder that is named), else
Sotto's ``cpp/neuron_host``, which answers by the public operation contracts and is no silicon.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from sotto.errors import DeviceError, ModelError, OptionError

ADAPTER = "libneuron_adapter.so"

SDK = "ai_edge_litert_sdk_mediatek"
"""The package with MediaTek's own library."""

CALLED = (
    "Neuron_getVersion",
    "NeuronModel_create",
    "NeuronModel_free",
    "NeuronModel_finish",
    "NeuronModel_setName",
    "NeuronModel_addOperand",
    "NeuronModel_setOperandValue",
    "NeuronModel_setOperandSymmPerChannelQuantParams",
    "NeuronModel_addOperation",
    "NeuronModel_identifyInputsAndOutputs",
    "NeuronModel_relaxComputationFloat32toFloat16",
    "NeuronModel_getExtensionOperandType",
    "NeuronModel_getExtensionOperationType",
    "NeuronCompilation_createWithOptions",
    "NeuronCompilation_free",
    "NeuronCompilation_finish",
    "NeuronCompilation_setPriority",
    "NeuronCompilation_setPreference",
    "NeuronCompilation_setOptimizationHint",
    "NeuronCompilation_setOptimizationString",
    "NeuronCompilation_getSupportedOperations",
    "NeuronCompilation_getCompiledNetworkSize",
    "NeuronCompilation_storeCompiledNetwork",
)
"""What the plugin calls of the library when it partitions and compiles."""

_PARTITIONED = re.compile(
    r"Partitioned subgraph<(\d+)>, selected (\d+) ops, from a total of (\d+) ops\. "
    r"resulted in (\d+) partitions"
)
_COMPLAINT = re.compile(r"^(?:ERROR: \[\S+\] |sotto neuron_host: )(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Partitioning:
    """What the plugin makes of one subgraph.

    Attributes:
        subgraph: its index in the file.
        selected: operations for the NPU.
        operations: all of them.
        partitions: pieces that the NPU's operations form; 1 if all are selected.
        neuron: Neuron's operations after legalisation, with how often each occurs; empty where the
            vendor's library answers, which does not tell.
        refusals: ``(operation's place, Neuron's name, reason)`` of those that are not selected.
    """

    subgraph: int
    selected: int
    operations: int
    partitions: int
    neuron: dict[str, int]
    refusals: tuple[tuple[int, str, str], ...]

    @property
    def whole(self) -> bool:
        """Whether the NPU runs all of it at once."""
        return self.partitions == 1 and self.selected == self.operations


def socs() -> list[str]:
    """The SoCs that the plugin knows, such as ``mt6991``, in order. Raises DeviceError."""
    _litert()
    from ai_edge_litert.aot.vendors.mediatek.target import SocModel

    return sorted(soc.value.lower() for soc in SocModel if soc != SocModel.ALL)


def chosen_socs(text: str) -> list[str]:
    """``all``, or names with commas between. Raises OptionError, DeviceError."""
    known = socs()
    if text == "all":
        return known
    names = [name.strip().lower() for name in text.split(",")]
    for name in names:
        if name not in known:
            raise OptionError(f"soc {name!r}: the plugin knows {', '.join(known)}; or say all")
    return list(dict.fromkeys(names))


def sdk_version(soc: str) -> str:
    """``v8`` or ``v9``: the SDK that LiteRT recommends for a SoC."""
    from ai_edge_litert.aot.vendors.mediatek.target import SocModel, map_soc_to_np_version

    return str(map_soc_to_np_version(SocModel(soc.upper())))


def find_adapter(soc: str, folder: Path | None = None) -> Path:
    """The folder of the library that answers the plugin: the vendor's, or else Sotto's.

    Args:
        soc: decides between an SDK's versions.
        folder: one that the user names.

    Raises:
        DeviceError: the named folder or the SDK has no such library, or this build of Sotto has
            none.
    """
    vendor = vendor_adapter(soc, folder)
    if vendor is not None:
        return vendor
    own = own_adapter()
    if own is None:
        raise DeviceError(f"this build of Sotto has no {ADAPTER}, which is built on Linux alone")
    return own


def vendor_adapter(soc: str, folder: Path | None = None) -> Path | None:
    """The folder of the vendor's library; None where neither is named nor its SDK installed.

    Args:
        soc: decides between an SDK's versions, as LiteRT's own flow does.
        folder: one that the user names.

    Raises:
        DeviceError: the named folder has no such library, or the SDK not the version of that SoC.
    """
    if folder is not None:
        _check_adapter(folder)
        return folder
    if find_spec(SDK) is None:
        return None
    try:
        libraries = import_module(SDK).path_to_sdk_libs(sdk_version(soc))
    except Exception as error:  # the vendor's code, whose errors are not documented
        raise DeviceError(f"{SDK} does not say where its libraries are: {error}") from error
    if libraries is None or not (Path(libraries) / ADAPTER).is_file():
        raise DeviceError(
            f"{SDK} is installed without {ADAPTER} of version {sdk_version(soc)}; install it "
            "again, with access to where it downloads the SDK from"
        )
    return Path(libraries)


def _check_adapter(folder: Path) -> None:
    """Raises DeviceError for a library that is not there, or lacks what the plugin calls.

    The plugin itself only warns of a missing function, and crashes when it calls it.
    """
    library = folder / ADAPTER
    if not library.is_file():
        raise DeviceError(f"{folder} has no {ADAPTER}")
    # In a process of its own: loading it runs the library's code.
    look = (
        "import ctypes, sys; library = ctypes.CDLL(sys.argv[1]); "
        "print(*[name for name in sys.argv[2:] if not hasattr(library, name)])"
    )
    result = subprocess.run(
        [sys.executable, "-c", look, str(library.absolute()), *CALLED],
        env=os.environ | {"LD_LIBRARY_PATH": str(folder)},
        check=False,
        text=True,
        capture_output=True,
    )
    if result.returncode != 0:
        why = result.stderr.strip().rpartition("\n")[2]
        raise DeviceError(f"{library} can't be loaded: {why}")
    if missing := result.stdout.split():
        raise DeviceError(f"{library} lacks {', '.join(missing)}, which the plugin calls")


def own_adapter() -> Path | None:
    """The folder of ``cpp/neuron_host``'s library, beside the runtime module."""
    import sotto._runtime

    folder = Path(sotto._runtime.__file__).parent / "npu"
    return folder if (folder / ADAPTER).is_file() else None


def partition(
    model: Path,
    soc: str,
    adapter: Path,
    *,
    networks: Path | None = None,
    subgraphs: Sequence[int] = (),
) -> list[Partitioning]:
    """Lets the plugin partition a .tflite file, in a process of its own.

    Args:
        model: the file.
        soc: such as ``mt6991``.
        adapter: folder of ``libneuron_adapter.so``, from :func:`find_adapter`.
        networks: folder for the legalised graphs, ``0.sottonet`` and so on, which
            :func:`sotto.npu.arithmetic.open_executor` opens; Sotto's own library writes them.
        subgraphs: indices of those to partition; none means all.

    Returns:
        One a subgraph, in order.

    Raises:
        DeviceError: the plugin can't be run.
        ModelError: the plugin refused the file, or crashed on it.
    """
    options = [f"--subgraphs={','.join(map(str, subgraphs))}"] if subgraphs else []
    environment = {} if networks is None else {"SOTTO_NEURON_NETWORKS": str(networks)}
    return _run("partition", model, soc, adapter, options, environment)


def apply(model: Path, soc: str, adapter: Path, out: Path) -> list[Partitioning]:
    """Lets the plugin compile a .tflite file for a SoC, in a process of its own.

    Args:
        model: the file.
        soc: such as ``mt6991``.
        adapter: folder of ``libneuron_adapter.so``, whose compiler makes the code.
        out: file to write: the same signatures, each partition in it one ``DISPATCH_OP`` over the
            compiled code behind the flatbuffer.

    Returns:
        One a subgraph of ``model``, in order.

    Raises:
        DeviceError: the plugin can't be run.
        ModelError: the plugin refused the file, crashed on it, or wrote nothing.
    """
    found = _run("apply", model, soc, adapter, [f"--o={out}"], {})
    if not out.is_file() or out.stat().st_size == 0:
        raise ModelError(f"{model.name}, {soc}: MediaTek's plugin ended well and wrote no file")
    return found


def _run(
    command: str,
    model: Path,
    soc: str,
    adapter: Path,
    options: list[str],
    environment: dict[str, str],
) -> list[Partitioning]:
    """Runs LiteRT's tool over the plugin, as ``ai_edge_litert.aot`` does."""
    package = _litert()
    version = sdk_version(soc)
    line = [
        str(package / "tools" / "apply_plugin_main"),
        f"--cmd={command}",
        f"--model={model}",
        "--soc_manufacturer=MediaTek",
        f"--soc_model={soc}",
        f"--libs={package / 'vendors' / 'mediatek' / 'compiler'}",
        f"--mediatek_sdk_version_type=version{version[1:]}",
        *options,
    ]
    path = [str(adapter), str(package), os.environ.get("LD_LIBRARY_PATH", "")]
    with tempfile.TemporaryDirectory(prefix="sotto-npu-") as folder:
        report = Path(folder) / "report.jsonl"
        environment = os.environ | {
            "LD_LIBRARY_PATH": os.pathsep.join(part for part in path if part),
            "MTKNN_ADAPTER_DLA_DIR": str(Path(folder) / "dla"),
            "SOTTO_NEURON_REPORT": str(report),
            "SOTTO_NEURON_VERSION": "9.0.0" if version == "v9" else "8.2.24",
            **environment,
        }
        try:
            result = subprocess.run(
                line,
                env=environment,
                check=False,
                text=True,
                errors="replace",
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise DeviceError(f"can't run {line[0]}: {error}") from error
        found = _PARTITIONED.findall(result.stdout)
        if result.returncode != 0 or not found:
            raise ModelError(f"{model.name}, {soc}: {_why(result)}")
        try:
            answers = _answers(report)
        except ValueError as error:  # cut off: no room for it
            raise ModelError(f"{model.name}, {soc}: the plugin's answers are cut off") from error
    return [_partitioning(numbers, answers) for numbers in found]


def _answers(report: Path) -> list[list[dict[str, str]]]:
    """Of Sotto's library, a list of operations for each question; none of the vendor's."""
    lines = report.read_text().splitlines() if report.exists() else []
    return [json.loads(line)["operations"] for line in lines]


def _partitioning(numbers: tuple[str, ...], answers: list[list[dict[str, str]]]) -> Partitioning:
    """Of a subgraph; takes its answer from the front of those that are left.

    The plugin does not ask of every subgraph, and the vendor's library tells no answers.
    """
    subgraph, selected, operations, partitions = map(int, numbers)
    answer = answers.pop(0) if answers and len(answers[0]) == operations else []
    neuron: dict[str, int] = {}
    for operation in answer:
        neuron[operation["name"]] = neuron.get(operation["name"], 0) + 1
    refusals = tuple(
        (i, operation["name"], operation["refusal"])
        for i, operation in enumerate(answer)
        if "refusal" in operation
    )
    return Partitioning(subgraph, selected, operations, partitions, neuron, refusals)


def _why(result: subprocess.CompletedProcess[str]) -> str:
    if result.returncode < 0:
        return f"MediaTek's plugin crashed ({signal.Signals(-result.returncode).name})"
    complaints = list(dict.fromkeys(_COMPLAINT.findall(result.stdout)))
    why = "; ".join(complaints[:3]) or "it said nothing of why"
    return f"MediaTek's plugin failed: {why}"


def _litert() -> Path:
    """The folder of the installed LiteRT package, if it has the plugin."""
    import ai_edge_litert

    package = Path(next(iter(ai_edge_litert.__path__)))
    needed = (
        package / "tools" / "apply_plugin_main",
        package / "vendors/mediatek/compiler/libLiteRtCompilerPlugin_MediaTek.so",
    )
    for file in needed:
        if not file.exists():
            raise DeviceError(
                f"the installed ai-edge-litert has no {file.relative_to(package)}; its packages "
                "for Linux on x86-64 have it. --no-plugin checks by the rules alone"
            )
    return package
