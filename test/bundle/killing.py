"""Kills an operation before each of its steps on the disk, one process a step.

    python killing.py OPERATION FOLDER

The operation runs in a child, which ends by SIGKILL before its n-th step, n from 0 on, until it
comes to its end. After each kill its target must be the old one or the new one, whole, and the
operation run again must succeed and leave nothing but the new one. Prints how many were killed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import made_manifests
from test_upgrade import VAD

from sotto.bundle import MANIFEST, Manifest, open_bundle, replacing, write_manifest
from sotto.bundle.archive import pack, unpack
from sotto.bundle.upgrade import upgrade_bundle
from sotto.download.bundles import DiskFolder, get_bundle
from sotto.download.publish import publish

STEPS = {"open", "os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir"}
STEPS |= {"ctypes.dlsym", "fcntl.flock", "os.truncate"}
"""Audit events, each of which comes before what it is named after."""


@dataclass(frozen=True)
class Operation:
    """What is killed.

    Attributes:
        prepare: makes the folder that it works in, with an old target.
        run: the operation.
        version: of the target as it is then: "old" or "new". Raises if it is not whole.
    """

    prepare: Callable[[Path], None]
    run: Callable[[Path], object]
    version: Callable[[Path], str]


def bundle(folder: Path, name: str) -> Path:
    """A small bundle of that name."""
    folder.mkdir(parents=True)
    manifest: Manifest = replace(made_manifests.vad(), name=name)
    for file in manifest.files:
        (folder / file).write_bytes(name.encode() * 5000)
    write_manifest(folder, manifest, manifest.files)
    return folder


def name_of(path: Path) -> str:
    """Of a bundle, all of whose files are right."""
    reader = open_bundle(path)
    reader.check()
    return reader.manifest.name


def both(folder: Path) -> None:
    """A new bundle, its archive, and old ones as targets."""
    bundle(folder / "source", "new")
    pack(folder / "source", folder / "source.sotto")
    bundle(folder / "target", "old")
    pack(folder / "target", folder / "target.sotto")


def schema_2(folder: Path) -> None:
    bundle(folder / "target", "old")
    (folder / "target" / MANIFEST).write_text(json.dumps(VAD))


def schema_of(folder: Path) -> str:
    text = (folder / "target" / MANIFEST).read_text()
    return {2: "old", 3: "new"}[json.loads(text)["schema"]]


def published(folder: Path) -> None:
    both(folder)
    (folder / "source").rename(folder / "small")
    bundle(folder / "other" / "small", "old")
    publish(folder / "shelf", [folder / "other" / "small"])


def version_on(shelf: Path) -> str:
    """Of the bundle that a folder gives."""
    out = shelf.with_name("fetched")
    shutil.rmtree(out, ignore_errors=True)
    version = name_of(get_bundle("small", DiskFolder(shelf), out))
    shutil.rmtree(out)
    return version


def fetched(folder: Path) -> None:
    bundle(folder / "small", "new")
    publish(folder / "shelf", [folder / "small"])
    (folder / "models").mkdir()
    pack(bundle(folder / "old", "old"), folder / "models" / "small.sotto")


def fallback(folder: Path) -> None:
    """As on a file system that can't exchange two names."""
    replacing.exchange = lambda one, other: False
    unpack(folder / "source.sotto", folder / "target")


def target_or_both_halves(folder: Path) -> str:
    """Of the target; without an exchange there may be none for a moment, and the old is beside."""
    if (folder / "target").exists():
        return name_of(folder / "target")
    (kept,) = folder.glob(".target.replaced-*")
    return name_of(kept)


OPERATIONS = {
    "pack": Operation(
        both,
        lambda folder: pack(folder / "source", folder / "target.sotto"),
        lambda folder: name_of(folder / "target.sotto"),
    ),
    "unpack": Operation(
        both,
        lambda folder: unpack(folder / "source.sotto", folder / "target"),
        lambda folder: name_of(folder / "target"),
    ),
    "unpack where names can't be exchanged": Operation(both, fallback, target_or_both_halves),
    "upgrade": Operation(schema_2, lambda folder: upgrade_bundle(folder / "target"), schema_of),
    "publish": Operation(
        published,
        lambda folder: publish(folder / "shelf", [folder / "small"]),
        lambda folder: version_on(folder / "shelf"),
    ),
    "get": Operation(
        fetched,
        lambda folder: get_bundle(
            "small", DiskFolder(folder / "shelf"), folder / "models", anew=True
        ),
        lambda folder: name_of(folder / "models" / "small.sotto"),
    ),
}


def run(operation: Callable[[Path], object], folder: Path, killed_at: int | None) -> bool:
    """Runs it in a child. Returns whether the child was killed."""
    child = os.fork()
    if child == 0:
        steps = 0

        def count(event: str, arguments: Any) -> None:
            nonlocal steps
            if event not in STEPS:
                return
            if steps == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)
            steps += 1

        if killed_at is not None:
            sys.addaudithook(count)
        try:
            operation(folder)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def hidden(folder: Path) -> list[Path]:
    """What no reader looks at, and nobody should find."""
    return [path for path in folder.rglob("*") if path.name.startswith(".") or ".part" in path.name]


def main() -> None:
    operation, folder = OPERATIONS[sys.argv[1]], Path(sys.argv[2])
    operation.prepare(folder / "whole")
    assert operation.version(folder / "whole") == "old"
    for step in range(10_000):
        place = folder / "killed"
        shutil.copytree(folder / "whole", place)
        was_killed = run(operation.run, place, step)
        version = operation.version(place)
        assert version in ("old", "new"), version
        if not was_killed:
            assert version == "new"
            print(step)
            return
        assert not run(operation.run, place, None)
        assert operation.version(place) == "new", step
        assert hidden(place) == [], step
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
