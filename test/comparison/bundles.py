"""The bundles that are compared, made by the project's own scripts where they are missing."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from comparison.clips import REPOSITORY
from sotto.bundle import Decoder, Graph, Manifest, read_manifest
from sotto.bundle.upgrade import upgrade_bundle
from sotto.errors import BundleError, ConversionError

# As in sotto.export.whisper.bundle, which takes seconds to import.
Precision: TypeAlias = Literal["fp32", "int8"]

MODELS = REPOSITORY / "models"

WINDOWS = "10,30"
"""Of a bundle that is made here: one window less than step 1's default takes a third less time."""

ALONE = ("--jobs", "1")
"""Of step 2: several bundles are made at once already."""


def ensure_bundle(
    name: str,
    precision: Precision,
    report: Callable[[str], None] = lambda line: None,
    *,
    folder: Path = MODELS,
    windows: str = WINDOWS,
) -> Path:
    """``FOLDER/whisper-NAME`` (int8) or ``FOLDER/whisper-NAME-fp32``, made if need be.

    Takes minutes where step 1 and step 2 have to run. A bundle of another schema, a damaged
    one, and one without the graphs for word timestamps is made anew.

    Args:
        name: a checkpoint's published name, such as ``base``.
        precision: ``fp32`` or ``int8``.
        report: called with a line for each step that runs.
        folder: where bundles are.
        windows: of a bundle that step 1 has to make, as it takes them.

    Raises:
        ConversionError: a step failed; the message is what it printed.
    """
    int8 = folder / f"whisper-{name}"
    target = int8 if precision == "int8" else folder / f"whisper-{name}-fp32"
    if _holds(target):
        return target
    if not _holds(int8, torchscript=True):
        report(f"making {int8 / 'torchscript'} (step 1)")
        _run(
            *("step1_pt_to_torchscript.py", "--model", name, "--out", str(int8)),
            *("--windows", windows),
        )
    report(f"making {target} (step 2)")
    _run("step2_torchscript_to_tflite.py", str(int8), "--precision", precision, *ALONE)
    return target


def ensure_exact_bundle(name: str) -> Path:
    """An fp32 bundle with the one window that openai-whisper has, 30 s, and its TorchScript.

    ``models/whisper-NAME-fp32-30s``, which is made in a third of the time that all windows take.

    Args:
        name: a checkpoint's published name.

    Raises:
        ConversionError: a step failed; the message is what it printed.
    """
    target = MODELS / f"whisper-{name}-fp32-30s"
    if not _holds(target):
        _run("step1_pt_to_torchscript.py", "--model", name, "--windows", "30", "--out", str(target))
        _run(
            *("step2_torchscript_to_tflite.py", str(target), "--precision", "fp32", *ALONE),
            *("--out", str(target)),
        )
    return target


def ensure_vad_bundle() -> Path:
    """``models/silero-vad``, made if need be.

    Raises:
        ConversionError: a step failed; the message is what it printed.
    """
    target = MODELS / "silero-vad"
    try:
        manifest = _manifest(target)
        if manifest.graphs and manifest.layers:  # an older Sotto named no layers
            return target
    except BundleError:
        pass
    _run("step1_pt_to_torchscript.py", "--model", "silero-vad", "--out", str(target))
    _run("step2_torchscript_to_tflite.py", str(target))
    return target


def ensure_encoder(checkpoint: str, name: str, precision: Precision, task: str) -> Path:
    """``models/NAME`` (int8) or ``models/NAME-fp32`` that embeds, made if need be.

    Args:
        checkpoint: as ``sotto convert`` takes it.
        name: of the bundle.
        precision: ``fp32`` or ``int8``.
        task: ``embed``, of a Whisper; empty of what can do nothing else.

    Raises:
        ConversionError: the conversion failed; the message is what it printed.
    """
    target = MODELS / (name if precision == "int8" else f"{name}-fp32")
    try:
        if _manifest(target).embedding:
            return target
    except BundleError:
        pass
    if precision == "int8":  # which takes a tenth of the time that converting does
        fp32 = ensure_encoder(checkpoint, name, "fp32", task)
        _execute(*("-m", "sotto.cli", "quantize", str(fp32), "--out", str(target)))
        return target
    _execute(
        *("-m", "sotto.cli", "convert", checkpoint, "--precision", precision),
        *("--out", str(target), *(("--task", task) if task else ())),
    )
    return target


def _holds(directory: Path, *, torchscript: bool = False) -> bool:
    """Whether a bundle, or step 1's output, has graphs for words in each window."""
    try:
        manifest = _manifest(directory)
    except BundleError:
        return False
    graphs: Sequence[Graph] = manifest.need(Decoder).graphs
    if torchscript:
        scripts = manifest.torchscript
        graphs = scripts.graphs.get(Decoder.kind, ()) if scripts else ()
    roles = Counter(graph.role for graph in graphs)
    return roles["step"] == roles["alignment"] > 0


def _manifest(directory: Path) -> Manifest:
    """A kept bundle's, which an older Sotto may have written. Raises BundleError."""
    upgrade_bundle(directory)
    return read_manifest(directory)


def _run(script: str, *arguments: str) -> None:
    _execute(str(REPOSITORY / "convert" / script), *arguments)


def _execute(*arguments: str) -> None:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ConversionError(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
