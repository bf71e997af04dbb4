"""What a worker is told to do, and what it measured: plain values that travel as JSON."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Job:
    """One worker's work.

    Attributes:
        peer: a peer's name.
        setting: one of its settings.
        weights: what its ``prepare`` gave.
        threads: of the CPU.
        timestamps: as for ``Recogniser.transcribe``.
        recordings: .npy files of float32 ``[n]`` at 16 kHz, each measured in turn.
        runs: timed calls a recording; 0 takes the text alone.
        watch: ask for stages, and for the time to the first token, after that.
        limits: tokens of calls of the last recording, timed for how cost grows with them.
    """

    peer: str
    setting: str
    weights: str
    threads: int
    timestamps: bool
    recordings: list[str]
    runs: int
    watch: bool = True
    limits: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Heard:
    """One recording, as one worker heard it. Times are milliseconds; None is not seen.

    Attributes:
        text: of the last call.
        call_ms: one a timed call of a loaded, warm model.
        others_share: of a core that other processes took meanwhile.
        noisy: whether that was too much.
        cold_first_token_ms: the first call after loading, limited to one token; of the first
            recording alone.
        first_token_ms: the same of a warm model.
        encoder_ms: of the first window.
        decoder_ms: of the first window.
        steps: tokens sampled in the first window.
        limit_ms: milliseconds of a call by the tokens that it was limited to.
    """

    text: str
    call_ms: list[float] = field(default_factory=list)
    others_share: float = 0.0
    noisy: bool = False
    cold_first_token_ms: float | None = None
    first_token_ms: float | None = None
    encoder_ms: float | None = None
    decoder_ms: float | None = None
    steps: int | None = None
    limit_ms: dict[str, float] = field(default_factory=dict)

    @property
    def milliseconds(self) -> float:
        """The median call."""
        return statistics.median(self.call_ms)


@dataclass(frozen=True)
class Measurement:
    """What one worker measured.

    Attributes:
        import_ms: importing the library.
        load_ms: loading the weights, as far as loading does: some do the rest when first called.
        peak_mib: largest resident set up to the last timed call.
        heard: one a recording.
    """

    import_ms: float
    load_ms: float
    peak_mib: float
    heard: list[Heard]

    @property
    def noisy(self) -> bool:
        """Whether others took CPU time during any recording's timed calls."""
        return any(heard.noisy for heard in self.heard)

    @property
    def start_ms(self) -> float | None:
        """From an empty process to the first token of the first recording."""
        first = self.heard[0].cold_first_token_ms
        return None if first is None else self.import_ms + self.load_ms + first

    @property
    def ready_ms(self) -> float:
        """Loading, with what the first call took longer than a warm one."""
        cold, warm = self.heard[0].cold_first_token_ms, self.heard[0].first_token_ms
        late = 0.0 if cold is None or warm is None else max(0.0, cold - warm)
        return self.load_ms + late

    @classmethod
    def from_json(cls, values: dict[str, object]) -> Measurement:
        """Of what ``dataclasses.asdict`` gave."""
        heard = values.pop("heard")
        assert isinstance(heard, list)
        return cls(**values, heard=[Heard(**each) for each in heard])  # type: ignore[arg-type]
