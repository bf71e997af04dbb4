"""The order of a run: settings, cases, word error rates, growth; each adds to the findings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comparison.clips import Clip

from accuracy import word_errors
from cases import WINDOW, Case, english_clips, find_cases, growing, write_samples
from contenders import Contender, fastest
from figures import Result
from findings import Findings
from growth import LENGTHS, TOKENS, Growth
from measurement import Job
from rounds import WorkerError, run_rounds, run_worker
from sotto.terminal import report
from tables import Accuracy

BASELINE = "openai-whisper fp32"
SETTINGS_CASE = "11s"
SETTINGS_ROUNDS = 2
GROWTH_ROUNDS = 2


@dataclass(frozen=True)
class Plan:
    """One model's measurements.

    Attributes:
        model: the checkpoint's name.
        rounds: of the cases.
        threads: numbers of CPU threads; all but the cases run with the greatest.
        folder: for recordings, as workers read them.
        findings: what all is added to.
        out: where the findings are written after each step.
    """

    model: str
    rounds: int
    threads: list[int]
    folder: Path
    findings: Findings
    out: Path

    def settings(self, contenders: list[Contender]) -> list[Contender]:
        """One case in every setting; returns each peer's fastest."""
        if len({each.peer for each in contenders}) == len(contenders):
            return contenders  # each has one
        (case,) = find_cases([SETTINGS_CASE])
        rounds = min(self.rounds, SETTINGS_ROUNDS)
        results = self._measure(case, contenders, max(self.threads), rounds)
        self.findings.settings += results
        self.findings.write(self.out)
        return fastest(contenders, results)

    def cases(self, cases: list[Case], contenders: list[Contender]) -> None:
        """Every case with every number of threads; long-form with the greatest alone."""
        for threads in self.threads:
            for case in cases:
                if case.timestamps and threads != max(self.threads):
                    continue
                self.findings.results += self._measure(case, contenders, threads, self.rounds)
                self.findings.write(self.out)

    def _measure(
        self, case: Case, contenders: list[Contender], threads: int, rounds: int
    ) -> list[Result]:
        file = write_samples(case.samples, case.name, self.folder)
        results = {}
        jobs = {}
        for each in contenders:
            if each.takes(case.seconds):
                jobs[each] = _job(
                    each,
                    threads,
                    [file],
                    timestamps=case.timestamps,
                    runs=case.runs,
                    watch=case.watch,
                )
                results[each] = Result(
                    self.model, threads, case.name, case.seconds, each.name, each.disk_bytes
                )
        for number, contender, measurement in run_rounds(jobs, rounds, report):
            results[contender].rounds[number] = measurement
            report(
                f"{self.model} {case.name} threads {threads}, round {number + 1} of {rounds}: "
                f"{contender.name} {measurement.heard[0].milliseconds:.0f} ms"
                f"{', noisy' if measurement.noisy else ''}"
            )
        return [result for result in results.values() if result.rounds]

    def accuracy(self, contenders: list[Contender], *, all_clips: bool) -> None:
        """Word errors over English recordings: of what was said, or of openai-whisper's text.

        Args:
            contenders: in all their settings.
            all_clips: those without a reference, too.
        """
        clips = [clip for clip in english_clips() if all_clips or clip.reference]
        texts = {each.name: self._texts(each, clips) for each in contenders}
        said = {clip.name: clip.reference for clip in clips if clip.reference}
        for name, heard in texts.items():
            if not heard:
                continue
            expected = {clip: said[clip] for clip in heard if clip in said}
            rest = {
                clip: text
                for clip, text in texts.get(BASELINE, {}).items()
                if clip in heard and clip not in said
            }
            against = word_errors(rest, heard) if rest and name != BASELINE else None
            self.findings.accuracy.append(
                Accuracy(self.model, name, word_errors(expected, heard), against)
            )
        self.findings.write(self.out)

    def _texts(self, contender: Contender, clips: list[Clip]) -> dict[str, str]:
        """What a contender hears by recording: text alone up to 30 s, else long-form."""
        found: dict[str, str] = {}
        for long_form in (False, True):
            here = [clip for clip in clips if (clip.seconds > WINDOW) == long_form]
            here = [clip for clip in here if contender.takes(clip.seconds)]
            if not here:
                continue
            files = [write_samples(clip.samples, clip.name, self.folder) for clip in here]
            job = _job(contender, os.cpu_count() or 1, files, timestamps=long_form, runs=0)
            report(f"{self.model}: what {contender.name} hears in {len(here)} recordings")
            try:
                heard = run_worker(job).heard
            except WorkerError as error:
                report(f"{contender.name} failed, left out: {error}")
                return {}
            found |= {clip.name: each.text for clip, each in zip(here, heard, strict=True)}
        return found

    def growth(self, contenders: list[Contender]) -> None:
        """Cost by length and by tokens."""
        threads, rounds = max(self.threads), min(self.rounds, GROWTH_ROUNDS)
        files = [
            write_samples(case.samples, f"growing-{case.name}", self.folder)
            for case in growing(LENGTHS)
        ]
        jobs = {
            each: _job(each, threads, files, timestamps=False, runs=1, watch=False, limits=TOKENS)
            for each in contenders
        }
        found = {each: Growth(self.model, each.name, threads) for each in jobs}
        for number, contender, measurement in run_rounds(jobs, rounds, report):
            found[contender].rounds.append(measurement)
            report(f"{self.model} growth, round {number + 1} of {rounds}: {contender.name}")
        self.findings.growth += [growth for growth in found.values() if growth.rounds]
        self.findings.write(self.out)


def _job(contender: Contender, threads: int, recordings: list[str], **rest: Any) -> Job:
    return Job(
        peer=contender.peer,
        setting=contender.setting,
        weights=contender.weights,
        threads=threads,
        recordings=recordings,
        **rest,
    )
