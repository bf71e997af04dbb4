"""The figures as pictures."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

from figures import Result, call_ms
from growth import Growth

mpl.use("Agg")


def plot_calls(results: list[Result], path: Path) -> None:
    """Real-time factor of each case and contender: bars, with least and greatest.

    One panel for each model and number of threads.
    """
    panels = sorted({(result.model, result.threads) for result in results})
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(11, 4 * len(panels)), squeeze=False, layout="constrained"
    )
    contenders = list(dict.fromkeys(result.contender for result in results))
    for (model, threads), axis in zip(panels, axes[:, 0], strict=True):
        here = [result for result in results if (result.model, result.threads) == (model, threads)]
        cases = list(dict.fromkeys(result.case for result in here))
        width = 0.8 / len(contenders)
        for result in here:
            found = result.figure(call_ms)
            if found is None:
                continue
            scale = 1 / 1000 / result.seconds
            place = contenders.index(result.contender)
            x = cases.index(result.case) + (place - (len(contenders) - 1) / 2) * width
            median, low, high = (v * scale for v in (found.median, found.low, found.high))
            axis.bar(x, median, width, color=f"C{place}", label=result.contender)
            axis.errorbar(x, median, [[median - low], [high - median]], color="black", capsize=2)
        axis.set_xticks(range(len(cases)), cases)
        axis.set_ylabel("real-time factor (less is faster)")
        axis.set_title(f"Whisper {model}, {threads} thread{'s' if threads > 1 else ''}")
        handles, labels = axis.get_legend_handles_labels()
        once = dict(zip(labels, handles, strict=True))
        axis.legend(once.values(), once.keys(), fontsize="small")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def plot_growth(rows: list[Growth], path: Path) -> None:
    """Milliseconds of a call by the audio's seconds, and by tokens."""
    figure, axes = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    for row in rows:
        label = f"{row.contender} ({row.model})"
        for axis, points in zip(axes, (row.by_length(), row.by_tokens()), strict=True):
            medians = [each.median for each in points.values()]
            axis.plot(list(points), medians, marker="o", label=label)
    for axis, name in zip(axes, ("seconds of audio", "tokens, of 30 s of audio"), strict=True):
        axis.set_xlabel(name)
        axis.set_ylabel("ms a call")
        axis.set_ylim(bottom=0)
        axis.legend(fontsize="small")
    figure.savefig(path, dpi=110)
    plt.close(figure)
