"""Where bundles and the LiteRT library are."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from sotto.errors import BundleError, DeviceError

LIBRARY = "libLiteRt.so"


def find_bundle(name_or_path: str | os.PathLike[str]) -> Path:
    """The directory of a bundle, given itself or a model's name.

    A name such as ``base`` or ``base-fp32`` stands for ``whisper-NAME`` in ``$SOTTO_MODELS``,
    in ``models`` under the working directory, or in the user's cache
    (``$XDG_CACHE_HOME/sotto/models``).

    Raises:
        BundleError: there is no such directory; says where it was looked for.
    """
    path = Path(name_or_path)
    if _is_directory(path):
        return path
    name = os.fspath(name_or_path)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folders = [Path("models"), cache / "sotto" / "models"]
    if os.environ.get("SOTTO_MODELS"):
        folders.insert(0, Path(os.environ["SOTTO_MODELS"]))
    candidates = [folder / f"whisper-{name}" for folder in folders if path.name == name]
    for candidate in candidates:
        if _is_directory(candidate):
            return candidate
    looked = ", ".join(map(str, candidates))
    raise BundleError(
        f"no bundle {name!r}: it is not a directory"
        + (f", and none of {looked} is there" if looked else "")
        + f". Make one: python convert/step1_pt_to_torchscript.py --model "
        f"{path.name.removeprefix('whisper-')}, "
        "then python convert/step2_torchscript_to_tflite.py"
    )


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name too long, a folder that can't be entered
        return False


def find_litert() -> Path:
    """The LiteRT library: ``$SOTTO_LITERT``, or that of the package ai-edge-litert.

    Raises:
        DeviceError: neither is there.
    """
    if os.environ.get("SOTTO_LITERT"):
        return Path(os.environ["SOTTO_LITERT"])
    # Found, not imported: the package itself is not needed, and takes a while to load.
    spec = find_spec("ai_edge_litert")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (Path(folder) / LIBRARY).is_file():
            return Path(folder) / LIBRARY
    raise DeviceError(
        f"no {LIBRARY}: pip install ai-edge-litert, or set SOTTO_LITERT to the library's path"
    )
