"""Where bundles and the LiteRT library are."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from sotto.errors import BundleError, DeviceError

SUFFIX = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")
"""Of a shared library's name."""

LIBRARY = f"libLiteRt{SUFFIX}"
"""LiteRT's name of its library, which begins so on Windows, too."""

DISPATCH = "libLiteRtDispatch_Sotto.so"

_GET = "Fetch it: sotto get {name} --from WHERE; or make it, with PyTorch: sotto convert {name}"

ARCHIVE = ".sotto"
"""Suffix of a bundle in one file."""


def find_bundle(
    name_or_path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None
) -> Path:
    """The directory or archive of a bundle, given itself or a model's name.

    A name such as ``base`` or ``base-fp32`` stands for ``whisper-NAME``, in each of
    :func:`bundle_folders`.

    Args:
        name_or_path: a bundle's directory or archive, or a name.
        folder: looked into before the others.

    Raises:
        BundleError: there is no such bundle; says where it was looked for.
    """
    return _find(name_or_path, folder, "whisper-")


def find_vad(bundle: str | os.PathLike[str] | None = None) -> Path:
    """The directory or archive of a voice activity detector's bundle.

    Args:
        bundle: itself; None is ``silero-vad`` in each of :func:`bundle_folders`.

    Raises:
        BundleError: there is no such bundle; says where it was looked for.
    """
    return _find(bundle or "silero-vad", None, "")


def find_encoder(name_or_path: str | os.PathLike[str]) -> Path:
    """The directory or archive of a bundle of embeddings, given itself or its name.

    A name, such as ``all-MiniLM-L6-v2``, is a folder's in each of :func:`bundle_folders`.

    Raises:
        BundleError: there is no such bundle; says where it was looked for.
    """
    return _find(name_or_path, None, "")


def find_any(name_or_path: str | os.PathLike[str]) -> Path:
    """Any bundle: itself, or its name with or without ``whisper-``.

    Raises:
        BundleError: there is none; says where it was looked for.
    """
    return _find(name_or_path, None, "", "whisper-")


def bundle_folders(first: str | os.PathLike[str] | None = None) -> list[Path]:
    """Where bundles are looked for: ``first``, ``$SOTTO_MODELS``, ``models`` under the working
    directory, and the user's cache (``$XDG_CACHE_HOME/sotto/models``).
    """
    folders = [first, os.environ.get("SOTTO_MODELS"), "models", user_models()]
    return [Path(folder) for folder in folders if folder]


def user_models() -> Path:
    """The user's own folder of bundles, into which ``sotto get`` puts them."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "sotto" / "models"


def available_models(folder: str | os.PathLike[str] | None = None) -> list[str]:
    """The names that :func:`find_bundle` finds, in the order of the alphabet.

    openai-whisper lists the models it can download; Sotto those that are there.
    """
    found = set()
    for each in bundle_folders(folder):
        with suppress(OSError):  # no such folder, or one that can't be entered
            found |= {path.parent.name for path in each.glob("whisper-*/manifest.json")}
            found |= {path.stem for path in each.glob(f"whisper-*{ARCHIVE}")}
    return sorted(name.removeprefix("whisper-") for name in found)


def _find(
    name_or_path: str | os.PathLike[str],
    folder: str | os.PathLike[str] | None,
    *prefixes: str,
) -> Path:
    path = Path(name_or_path)
    if _is_there(path):
        return path
    name = os.fspath(name_or_path)
    candidates = [
        each / f"{prefix}{name}"
        for each in bundle_folders(folder)
        for prefix in prefixes
        if path.name == name
    ]
    for candidate in candidates:
        for found in (candidate, candidate.with_name(f"{candidate.name}{ARCHIVE}")):
            if _is_there(found):
                return found
    looked = ", ".join(map(str, candidates))
    raise BundleError(
        f"no bundle {name!r}: it is not a directory, nor an archive"
        + (f", and none of {looked} is there" if looked else "")
        + f". {_GET.format(name=path.name.removeprefix('whisper-'))}"
    )


def _is_there(path: Path) -> bool:
    try:
        return path.is_dir() or path.is_file()
    except (OSError, ValueError):  # a name too long or with a null, a folder that is closed
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


def find_dispatch(folder: str | os.PathLike[str] | None) -> Path | str:
    """The folder of LiteRT's dispatch library for the NPU, as the runtime takes it.

    Args:
        folder: itself; ``host`` stands for that of Sotto's own library, which runs what
            ``cpp/neuron_host`` recorded on a machine without an NPU; None leaves the choice to the
            runtime (``$SOTTO_DISPATCH``).

    Raises:
        DeviceError: this build has no library of its own.
    """
    if folder is None:
        return ""
    if os.fspath(folder) != "host":
        return Path(folder)
    import sotto._runtime

    own = Path(sotto._runtime.__file__).parent / "npu" / "dispatch"
    if not (own / DISPATCH).is_file():
        raise DeviceError(f"this build of Sotto has no {DISPATCH}, which is built on Linux alone")
    return own
