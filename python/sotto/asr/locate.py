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
    if path.is_dir():
        return path
    name = os.fspath(name_or_path)
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folders = [Path("models"), cache / "sotto" / "models"]
    if "SOTTO_MODELS" in os.environ:
        folders.insert(0, Path(os.environ["SOTTO_MODELS"]))
    for folder in folders:
        if os.sep not in name and (folder / f"whisper-{name}").is_dir():
            return folder / f"whisper-{name}"
    looked = ", ".join(str(folder / f"whisper-{name}") for folder in folders)
    raise BundleError(
        f"no bundle {name!r}: it is not a directory, and none of {looked} is there. Make one: "
        f"python convert/step1_pt_to_torchscript.py --model {path.name}, "
        "then python convert/step2_torchscript_to_tflite.py"
    )


def find_litert() -> Path:
    """The LiteRT library: ``$SOTTO_LITERT``, or that of the package ai-edge-litert.

    Raises:
        DeviceError: neither is there.
    """
    if "SOTTO_LITERT" in os.environ:
        return Path(os.environ["SOTTO_LITERT"])
    # Found, not imported: the package itself is not needed, and takes a while to load.
    spec = find_spec("ai_edge_litert")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (Path(folder) / LIBRARY).is_file():
            return Path(folder) / LIBRARY
    raise DeviceError(
        f"no {LIBRARY}: pip install ai-edge-litert, or set SOTTO_LITERT to the library's path"
    )
