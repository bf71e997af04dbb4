"""``sotto bundle``: what a bundle is, whether it is whole, and one file of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sotto.commands.output import print_whole
from sotto.errors import OptionError, SottoError
from sotto.terminal import FAILURE, clean_exits, report, stderr

if TYPE_CHECKING:
    from sotto.bundle import Manifest
    from sotto.bundle.archive import Progress

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Look at bundles, check them, and put each into one file.",
)

Bundle = Annotated[
    str, typer.Argument(help="Directory or archive of a bundle, or its name under models/.")
]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]

MEGABYTE = 1e6


@app.callback()
def _bundle() -> None:
    """Look at bundles, check them, and put each into one file."""


@app.command()
def info(bundle: Bundle, as_json: Json = False) -> None:
    """Say what a bundle is made of: its components, precision, sizes and source.

    sotto bundle info base

    The files are not read; sotto bundle verify does that.
    """
    with clean_exits():
        from sotto.bundle import open_bundle
        from sotto.runtime.locate import find_any

        found = find_any(bundle)
        manifest = open_bundle(found).manifest
        if as_json:
            print_whole(json.dumps(summary(manifest), ensure_ascii=False) + "\n")
        else:
            print_whole(_text(found, manifest))


@app.command()
def verify(
    bundles: Annotated[list[str], typer.Argument(help="Bundles, as info takes them.")],
) -> None:
    """Read every file of bundles, and compare size and sha256 with the manifest.

    sotto bundle verify models/*

    Exit code 0: all are whole; 1: one is not, and what is wrong with it was printed.
    """
    with clean_exits():
        from sotto.bundle.archive import faults
        from sotto.runtime.locate import find_any

        broken = False
        for name in bundles:
            try:
                with _shown(f"reading {name}") as progress:
                    found = faults(find_any(name), progress)
            except SottoError as error:
                found = [str(error)]
            for fault in found:
                report(f"{name}: {fault}")
            report(f"{name}: {'damaged' if found else 'whole'}")
            broken |= bool(found)
    if broken:
        raise typer.Exit(FAILURE)


@app.command()
def pack(
    bundle: Bundle,
    out: Annotated[
        Path | None, typer.Option(help="File to write. Default: the bundle's name and .sotto.")
    ] = None,
) -> None:
    """Put a bundle into one file, whose parts can be mapped into memory as they are.

    sotto bundle pack models/whisper-base --out whisper-base.sotto

    It is a zip of stored entries, the same bytes wherever it is made. Models are loaded from it as
    from a directory. What step 1 leaves for step 2 is not packed.
    """
    with clean_exits():
        from sotto.bundle.archive import pack as pack_bundle
        from sotto.runtime.locate import ARCHIVE, find_any

        found = find_any(bundle)
        target = out or Path(f"{found.resolve().name.removesuffix(ARCHIVE)}{ARCHIVE}")
        if target.resolve() == found.resolve():
            raise OptionError(f"{found} is an archive already; choose another --out")
        with _shown(f"packing {found}") as progress:
            pack_bundle(found, target, progress)
        report(f"wrote {target}, {target.stat().st_size / MEGABYTE:.1f} MB")


@app.command()
def unpack(
    archive: Annotated[Path, typer.Argument(help="What sotto bundle pack wrote.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Directory to make or replace. Default: the archive's name without .sotto."
        ),
    ] = None,
) -> None:
    """Write an archive's bundle as a directory, whole or not at all.

    sotto bundle unpack whisper-base.sotto --out models/whisper-base

    Each file's size and sha256 are checked as it is written.
    """
    with clean_exits():
        from sotto.bundle.archive import unpack as unpack_bundle
        from sotto.runtime.locate import ARCHIVE

        target = out or archive.with_name(archive.name.removesuffix(ARCHIVE))
        if target == archive:
            raise OptionError(f"{archive} has no suffix {ARCHIVE}: name the directory, --out")
        with _shown(f"unpacking {archive}") as progress:
            unpack_bundle(archive, target, progress)
        report(f"wrote {target}")


@app.command()
def publish(
    folder: Annotated[Path, typer.Argument(help="Folder to make, or to add to.")],
    bundles: Annotated[list[str], typer.Argument(help="Bundles, as info takes them.")],
) -> None:
    """Pack bundles into a folder with an index, from which sotto get fetches them.

    sotto bundle publish /srv/models base silero-vad

    Put the folder behind any web server that serves files; one that knows Range lets broken
    downloads go on from where they were. A bundle of a name that the folder has is replaced.
    """
    with clean_exits():
        from sotto.download.publish import publish as publish_bundles
        from sotto.runtime.locate import find_any

        publish_bundles(folder, [find_any(name) for name in bundles], report)


@app.command()
def upgrade(
    directories: Annotated[list[Path], typer.Argument(help="Directories of bundles.")],
) -> None:
    """Bring bundles of schema 2 to schema 3, in place: the manifest is written anew, no file moves.

    sotto bundle upgrade models/*

    Exit code 0: all are of schema 3 now; 1: one could not be upgraded, and is as it was.
    """
    failed = False
    with clean_exits():
        from sotto.bundle.upgrade import upgrade_bundle

        for directory in directories:
            try:
                changed = upgrade_bundle(directory)
                report(f"{directory}: {'upgraded' if changed else 'is of schema 3 already'}")
            except SottoError as error:
                failed = True
                report(f"error: {error}")
    if failed:
        raise typer.Exit(FAILURE)


def summary(manifest: Manifest) -> dict[str, Any]:
    """What ``info --json`` prints."""
    from sotto.bundle.codec import encode

    return {
        "name": manifest.name,
        "purpose": manifest.purpose,
        "family": manifest.family,
        "precision": manifest.precision,
        "backend": manifest.backend,
        "source": encode(manifest.source),
        "components": [
            {
                "kind": component.kind,
                "graphs": [graph.name for graph in component.graphs],
                "bytes": _bytes(manifest, component.files),
            }
            for component in manifest.components
        ],
        "npu": {soc: encode(compiled) for soc, compiled in manifest.npu.items()},
        "bytes": _bytes(manifest, set(manifest.files)),
        "files": {name: entry.size for name, entry in manifest.files.items()},
        "tools": dict(manifest.tools),
    }


def _bytes(manifest: Manifest, files: set[str]) -> int:
    return sum(manifest.files[name].size for name in files)


def _text(path: Path, manifest: Manifest) -> str:
    found = summary(manifest)
    lines = [
        f"{manifest.name}: {manifest.purpose} ({manifest.family}, {manifest.precision})",
        f"  at       {path}",
        f"  source   {manifest.source.checkpoint} ({manifest.source.format})",
        f"  license  {manifest.source.license or 'not recorded'}",
        f"  size     {found['bytes'] / MEGABYTE:.1f} MB in {len(manifest.files)} files",
    ]
    if manifest.source.revision:
        lines.append(f"  revision {manifest.source.revision}")
    for part in found["components"]:
        graphs = ", ".join(part["graphs"]) or "none yet: run step 2"
        lines.append(f"  {part['kind']}, {part['bytes'] / MEGABYTE:.1f} MB: {graphs}")
    for soc, compiled in manifest.npu.items():
        lines.append(f"  compiled for {soc}: {', '.join(compiled.signatures)}")
    lines.append(f"  made by  {', '.join(f'{k} {v}' for k, v in manifest.tools.items())}")
    return "\n".join(lines) + "\n"


@contextmanager
def _shown(what: str) -> Iterator[Progress | None]:
    """A bar of the bytes that are done, on a terminal."""
    if not stderr.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=stderr, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda name, done, total: bar.update(task, completed=done, total=total)
