"""What a transcription gives back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from sotto import _runtime


@dataclass(frozen=True)
class Piece:
    """Text of one piece of audio, one window long at most.

    Attributes:
        start: seconds from the audio's beginning.
        end: seconds.
        text: as decoded, with its leading space.
        tokens: sampled token ids, without start sequence and end of text.
        average_log_probability: natural logarithm, of the tokens and the end of text.
        no_speech_probability: 0 … 1, of the token that stands for silence.
    """

    start: float
    end: float
    text: str
    tokens: list[int]
    average_log_probability: float
    no_speech_probability: float

    @classmethod
    def from_runtime(cls, piece: _runtime.Piece) -> Piece:
        """The C++ object's values."""
        return cls(**{field.name: getattr(piece, field.name) for field in fields(cls)})


@dataclass(frozen=True)
class Profile:
    """Milliseconds of each stage, and what the stages did.

    Attributes:
        load_ms: loading graphs that were not loaded before.
        log_mel_ms: all pieces' spectrograms.
        encoder_ms: all encoder runs.
        decoder_ms: all decoder steps, embedding look-up and cache writes included.
        total_ms: the whole call, decoding of the audio file included.
        encoder_runs: each computes the cross-attention keys and values once.
        decoder_steps: none computes them.
        cache_bytes_written: one position of each layer's self-attention cache a step.
    """

    load_ms: float
    log_mel_ms: float
    encoder_ms: float
    decoder_ms: float
    total_ms: float
    encoder_runs: int
    decoder_steps: int
    cache_bytes_written: int

    @classmethod
    def from_runtime(cls, profile: _runtime.Profile) -> Profile:
        """The C++ object's values."""
        return cls(**{field.name: getattr(profile, field.name) for field in fields(cls)})


@dataclass(frozen=True)
class Transcription:
    """What was said.

    Attributes:
        text: of all pieces, without white space at its ends.
        language: as given, or detected in the first window.
        language_probabilities: by language code; empty unless the language was detected.
        pieces: in order of time.
        duration: seconds of audio.
        window: seconds of the window used.
        profile: where the time went.
    """

    text: str
    language: str
    language_probabilities: dict[str, float]
    pieces: list[Piece]
    duration: float
    window: int
    profile: Profile

    @property
    def tokens(self) -> list[int]:
        """The tokens of all pieces."""
        return [token for piece in self.pieces for token in piece.tokens]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_runtime(cls, result: _runtime.Transcription) -> Transcription:
        """The C++ object's values."""
        return cls(
            text=result.text,
            language=result.language,
            language_probabilities=result.language_probabilities,
            pieces=[Piece.from_runtime(piece) for piece in result.pieces],
            duration=result.duration,
            window=result.window,
            profile=Profile.from_runtime(result.profile),
        )
