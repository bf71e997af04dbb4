"""A loaded speech model: ``load_model("base").recognize("talk.wav")``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from sotto._runtime import Transcriber
from sotto.asr.locate import find_bundle, find_litert
from sotto.asr.options import TranscribeOptions, check_integer
from sotto.asr.result import Segment, Transcription
from sotto.errors import AudioError, OptionError
from sotto.preprocess import AudioSource, stream_audio


class SpeechModel:
    """One bundle in the C++ runtime. Safe to share among threads: calls take turns.

    Args:
        bundle: a bundle's directory, or a model's name (see ``asr.locate.find_bundle``).
        threads: of the CPU kernels; 0 is as many as there are cores, 4 at most.
        verify: check the sha256 of the bundle's files.

    Raises:
        BundleError: the bundle is missing, incomplete, damaged or of another schema.
        DeviceError: LiteRT is missing or too old.
        OptionError: an option is out of range.
    """

    def __init__(
        self, bundle: str | os.PathLike[str], *, threads: int = 0, verify: bool = True
    ) -> None:
        check_integer("threads", threads)
        self.directory = find_bundle(bundle)
        self._transcriber = Transcriber(
            self.directory, threads=threads, verify=verify, library=find_litert()
        )

    @property
    def name(self) -> str:
        """The checkpoint's short name, such as ``base``."""
        return self._transcriber.name

    @property
    def precision(self) -> str:
        """``fp32`` or ``int8``."""
        return self._transcriber.precision

    @property
    def multilingual(self) -> bool:
        """Whether the model knows more than English."""
        return self._transcriber.multilingual

    @property
    def windows(self) -> list[int]:
        """Seconds of each window that has graphs, ascending."""
        return self._transcriber.windows

    def recognize(
        self,
        audio: AudioSource,
        *,
        sample_rate: float | None = None,
        on_segment: Callable[[Segment], None] | None = None,
        on_progress: Callable[[float, float], None] | None = None,
        **options: Any,
    ) -> Transcription:
        """Transcribes a file or an array; memory does not grow with its length.

        Args:
            audio: path, file object, bytes of a file, or samples ``[n]`` or
                ``[n, channels]``. It is read more than once.
            sample_rate: of an array, in Hz; 16,000 if not given.
            on_segment: called with each segment as its window is done.
            on_progress: called with the seconds done and the audio's seconds.
            **options: the fields of :class:`TranscribeOptions`.

        Raises:
            AudioError: the input is not audio, too short, or holds NaN or infinity.
            OptionError: an option is unknown or out of range.
        """
        try:
            chosen = TranscribeOptions(**options)
        except TypeError as error:
            known = ", ".join(TranscribeOptions.__dataclass_fields__)
            raise OptionError(f"{error}; the options are {known}") from None
        report = None
        if on_segment is not None:
            report = lambda segment: on_segment(Segment.from_runtime(segment))  # noqa: E731
        try:
            result = self._transcriber.transcribe(
                lambda: stream_audio(audio, sample_rate=sample_rate),
                chosen.to_runtime(),
                on_segment=report,
                on_progress=on_progress,
            )
        except AudioError as error:
            # What only the runtime knows, such as that the audio is too short, names no file.
            path = audio if isinstance(audio, str | os.PathLike) else getattr(audio, "name", "")
            name = os.fsdecode(path) if isinstance(path, str | os.PathLike) else ""
            if name in str(error):
                raise
            raise AudioError(f"{name}: {error}") from None
        return Transcription.from_runtime(result)


def load_model(
    name_or_bundle: str | os.PathLike[str], *, threads: int = 0, verify: bool = True
) -> SpeechModel:
    """Loads a speech model; see :class:`SpeechModel` for arguments and errors."""
    return SpeechModel(name_or_bundle, threads=threads, verify=verify)
