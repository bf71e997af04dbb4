"""The estimates as a picture: a bar from the least to the most, a panel a signature."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sotto.errors import OptionError, OutputError

if TYPE_CHECKING:
    from sotto.npu.estimate import Estimate

FORMATS = (".png", ".svg", ".pdf")
COLOURS = {"compute": "C0", "memory": "C1", "launch": "C2"}
MIXED = "C7"
"""Of a bar that is bound by one thing at one end and by another at the other."""


def draw(found: list[Estimate], path: Path) -> None:
    """Draws the longest window's encoder and decoder step, or all signatures of another model.

    Args:
        found: one a SoC.
        path: with a suffix of :data:`FORMATS`.

    Raises:
        OptionError: another suffix, or matplotlib is not installed.
        OutputError: the file can't be written.
    """
    if path.suffix not in FORMATS:
        raise OptionError(f"picture {path}: expected a name in {', '.join(FORMATS)}")
    try:
        import matplotlib as mpl

        mpl.use("Agg")
        from matplotlib import pyplot as plt
        from matplotlib.patches import Patch
    except ImportError as error:
        raise OptionError(
            "--picture needs matplotlib, which is not installed: pip install 'sotto[bench]'"
        ) from error
    names = list(found[0].signatures)
    if windows := found[0].windows:
        longest = windows[max(windows)]
        names = [longest.encoder.name, longest.step.name]
    figure, axes = plt.subplots(
        1,
        len(names),
        figsize=(1 + 4 * len(names), 1.4 + 0.3 * len(found)),
        squeeze=False,
        sharey=True,
        layout="constrained",
    )
    for name, axis in zip(names, axes[0], strict=True):
        for place, one in enumerate(found):
            signature = one.signatures[name]
            colour = COLOURS.get(signature.timing.bound, MIXED)
            low, high = signature.ms.low, signature.ms.high
            axis.barh(place, high - low, left=low, color=colour)
        times = [one.signatures[name].ms for one in found]
        axis.set_xscale("log")
        axis.set_xlim(min(t.low for t in times) / 1.3, max(t.high for t in times) * 1.3)
        axis.set_xlabel("ms (less is faster)")
        axis.set_title(name)
        axis.grid(axis="x", alpha=0.3)
    axes[0][0].set_yticks(
        range(len(found)), [f"{one.soc.key}  {one.soc.name.split(',')[0]}" for one in found]
    )
    axes[0][0].invert_yaxis()
    labels = {**COLOURS, "one or another": MIXED}
    figure.legend(
        handles=[Patch(color=c, label=f"bound by {label}") for label, c in labels.items()],
        loc="outside lower center",
        ncols=len(labels),
        fontsize="small",
    )
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            partial = Path(folder) / path.name
            figure.savefig(partial, dpi=90)
            partial.rename(path)
    except OSError as error:
        raise OutputError(f"can't write {path}: {error}") from error
    finally:
        plt.close(figure)
