"""A loaded speech model: ``load_model("base").transcribe("talk.m4a")["text"]``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from itertools import islice
from typing import Any

from sotto import _runtime
from sotto.asr.live import shown_live
from sotto.asr.options import TranscribeOptions
from sotto.asr.result import Segment, Transcription
from sotto.asr.stream import Stream
from sotto.errors import AudioError, DeviceError, OptionError
from sotto.preprocess import AudioSource, stream_audio
from sotto.runtime.load import load
from sotto.runtime.locate import find_bundle, find_litert, find_vad
from sotto.runtime.source import named, read_twice


class SpeechModel:
    """One bundle in the C++ runtime, for any number of threads at once.

    All calls share the weights. Each takes a session of its own, which has the buffers: some tens
    of megabytes, of which up to four idle ones are kept for the next calls. No call waits for
    another. Used in a ``with`` statement, the model is closed at the end.

    Args:
        bundle: a bundle's directory, or a model's name (see ``runtime.locate.find_bundle``).
        device: ``cpu`` or None, which is the same; of openai-whisper. See ``accelerator``.
        download_root: a folder of bundles to look into first. Nothing is downloaded.
        in_memory: of openai-whisper; no effect, the files are mapped.
        threads: of the CPU kernels; 0 is as many as there are big cores, 4 at most. Every call
            that is at work has so many of its own: several at once do best with a share each.
        verify: check the sha256 of the bundles' files.
        weight_cache: a folder, made if need be, where weights are kept as the CPU's kernels want
            them, so that the next start is quick and small: as many bytes as the bundle, which
            may be deleted at any time. None is ``$SOTTO_WEIGHT_CACHE``, else ``sotto/weights`` in
            the user's cache (``$XDG_CACHE_HOME``); an empty string keeps nothing.
        vad: bundle of the voice activity detector that ``vad_filter`` asks; None finds
            ``silero-vad`` (see ``runtime.locate.find_vad``). Loaded when first asked for.
        accelerator: ``cpu``; ``npu``, for which the bundle must have been compiled (step 3), and
            which is an error where it can't be had; or ``auto``: the NPU, else the CPU, with one
            warning in the log that says why.
        soc: whose compiled files to take, such as ``mt6991``; None is this machine's.
        npu_dispatch: the folder of LiteRT's dispatch library for the NPU; ``host`` is Sotto's own,
            which stands for an NPU on any Linux machine; None is ``$SOTTO_DISPATCH``. LiteRT takes
            one such library a process.

    Raises:
        BundleError: the bundle is missing, incomplete, damaged or of another schema.
        DeviceError: LiteRT is missing or too old, or there is no such device, or it can't run
            this bundle.
        OptionError: an option is out of range.
    """

    def __init__(
        self,
        bundle: str | os.PathLike[str],
        device: object = None,
        download_root: str | os.PathLike[str] | None = None,
        in_memory: bool = False,
        *,
        threads: int = 0,
        verify: bool = True,
        weight_cache: str | os.PathLike[str] | None = None,
        vad: str | os.PathLike[str] | None = None,
        accelerator: str = "cpu",
        soc: str | None = None,
        npu_dispatch: str | os.PathLike[str] | None = None,
    ) -> None:
        if device is not None and str(device) != "cpu":
            raise DeviceError(
                f"device {str(device)!r}: expected cpu; the NPU is accelerator='npu' or 'auto'"
            )
        self.directory = find_bundle(bundle, download_root)
        self._model = load(
            _runtime.SpeechModel,
            self.directory,
            threads=threads,
            verify=verify,
            weight_cache=weight_cache,
            accelerator=accelerator,
            soc=soc,
            npu_dispatch=npu_dispatch,
        )
        self._vad, self._verify = vad, verify
        self._detector: _runtime.VoiceActivityDetector | None = None

    @property
    def name(self) -> str:
        """The checkpoint's short name, such as ``base``."""
        return self._model.name

    @property
    def precision(self) -> str:
        """``fp32`` or ``int8``."""
        return self._model.precision

    @property
    def device(self) -> str:
        """Where it runs: ``cpu`` or ``npu``."""
        return self._model.accelerator

    @property
    def accelerator(self) -> str:
        """What the graphs run on: ``cpu`` or ``npu``, whichever ``auto`` came to."""
        return self._model.accelerator

    @property
    def multilingual(self) -> bool:
        """Whether the model knows more than English."""
        return self._model.multilingual

    @property
    def is_multilingual(self) -> bool:
        """openai-whisper's name for ``multilingual``."""
        return self.multilingual

    @property
    def windows(self) -> list[int]:
        """Seconds of each window that has graphs, for the NPU if it runs there; ascending."""
        return self._model.windows

    @property
    def runtime(self) -> _runtime.SpeechModel:
        """The C++ object."""
        return self._model

    def stream(self, **options: Any) -> Stream:
        """Speech to text while it is spoken; see :class:`sotto.asr.stream.Stream`."""
        return Stream(self, **options)

    def transcribe(
        self,
        audio: AudioSource,
        *,
        verbose: bool | None = None,
        fp16: object = None,
        prompt: object = None,
        **options: Any,
    ) -> dict[str, Any]:
        """openai-whisper's ``transcribe``: the same options, the same dict.

        Args:
            audio: as for :meth:`recognize`.
            verbose: True prints each segment as it is done, False shows a progress bar on a
                terminal, None is quiet.
            fp16: no effect; a bundle has its precision.
            prompt: no effect, as in openai-whisper: the text before a window is its prompt.
            **options: the keywords of :meth:`recognize`.

        Returns:
            ``text``, ``segments`` and ``language`` (always a code), of plain Python values; a
            segment has ``words`` only with ``word_timestamps``.

        Raises:
            AudioError, OptionError, CancelledError: as :meth:`recognize`.
        """
        if prompt is not None:
            warnings.warn(
                "prompt has no effect here; initial_prompt is the first window's", stacklevel=2
            )
        with shown_live(verbose, options) as told:
            result = self.recognize(audio, **told)
        return result.to_whisper(word_timestamps=bool(options.get("word_timestamps", False)))

    def recognize(
        self,
        audio: AudioSource,
        *,
        sample_rate: float | None = None,
        on_language: Callable[[str], object] | None = None,
        on_segment: Callable[[Segment], object] | None = None,
        on_progress: Callable[[float, float], object] | None = None,
        cancelled: Callable[[], bool] | None = None,
        **options: Any,
    ) -> Transcription:
        """Transcribes a file or an array; memory does not grow with its length.

        An exception of a callback, and Ctrl-C, end the transcription once the graph that runs is
        done: one decoder step, or a window's encoder, which takes a second where the model is
        large or the machine slow. Callbacks may call this model and any other.

        Args:
            audio: path, file object, bytes of a file, or samples ``[n]``, ``[1, n]`` or
                ``[n, channels]`` of float or integer types (see ``sotto.preprocess``). It is read
                twice: a stream that can't be rewound is kept in
                memory, compressed as it is.
            sample_rate: of an array, in Hz; 16,000 if not given.
            on_language: called with the language's code once it is detected, before any segment;
                not where it is given, nor by an English-only model.
            on_segment: called with each segment as its window is done.
            on_progress: called with the seconds done and the audio's seconds.
            cancelled: asked before each graph run, and while the audio is read, whether to stop.
            **options: the fields of :class:`TranscribeOptions`.

        Raises:
            AudioError: the input is not audio, too short, or holds NaN or infinity.
            BundleError: ``vad_filter`` is on and its bundle is missing or damaged.
            CancelledError: ``cancelled`` said so.
            OptionError: an option is unknown or out of range, or the model is closed.
        """
        given = _options(options)
        chosen = given.to_runtime()
        if given.vad_filter:
            chosen.vad_filter = self.voice_activity_detector()
        report = None
        if on_segment is not None:
            report = lambda segment: on_segment(Segment.from_runtime(segment))  # noqa: E731
        source = read_twice(audio)
        try:
            result = self._model.transcribe(
                lambda: stream_audio(source, sample_rate=sample_rate),
                chosen,
                on_language=on_language,
                on_segment=report,
                on_progress=on_progress,
                cancelled=cancelled,
            )
        except AudioError as error:
            raise named(audio, error) from None
        return Transcription.from_runtime(result)

    def voice_activity_detector(self) -> _runtime.VoiceActivityDetector:
        """The C++ detector of the bundle ``vad``, loaded when first asked for.

        Raises:
            BundleError: that bundle is missing or damaged.
        """
        # Two threads may both load it: one of the two is dropped, and neither waits.
        if self._detector is None:
            self._detector = _runtime.VoiceActivityDetector(
                find_vad(self._vad), verify=self._verify, library=find_litert()
            )
        return self._detector

    def close(self) -> None:
        """Frees the memory, from any thread, and without waiting.

        Calls that are at work raise CancelledError once the graph that runs is done, and later
        ones, streams' too, OptionError. A second time does nothing.
        """
        self._model.close()

    def __enter__(self) -> SpeechModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return (
            f"SpeechModel({str(self.directory)!r}, name={self.name!r}, "
            f"precision={self.precision!r}, accelerator={self.accelerator!r})"
        )

    def detect_language(
        self, audio: AudioSource, *, sample_rate: float | None = None
    ) -> tuple[str, dict[str, float]]:
        """The language of the first 30 s, and each language's probability, by code.

        openai-whisper's takes a spectrogram instead. An English-only model says English.

        Raises:
            AudioError: as :meth:`recognize`.
        """
        blocks = stream_audio(read_twice(audio), block_seconds=30.0, sample_rate=sample_rate)
        try:
            (first,) = islice(blocks, 1)
            result = self.recognize(first, sample_len=1, temperature=0.0)
        except AudioError as error:
            raise named(audio, error) from None
        return result.language, result.language_probabilities or {result.language: 1.0}


def _options(options: dict[str, Any]) -> TranscribeOptions:
    try:
        return TranscribeOptions(**options)
    except TypeError as error:
        known = ", ".join(TranscribeOptions.__dataclass_fields__)
        raise OptionError(f"{error}; the options are {known}") from None


def load_model(
    name_or_bundle: str | os.PathLike[str],
    device: object = None,
    download_root: str | os.PathLike[str] | None = None,
    in_memory: bool = False,
    *,
    threads: int = 0,
    verify: bool = True,
    weight_cache: str | os.PathLike[str] | None = None,
    vad: str | os.PathLike[str] | None = None,
    accelerator: str = "cpu",
    soc: str | None = None,
    npu_dispatch: str | os.PathLike[str] | None = None,
) -> SpeechModel:
    """Loads a speech model; see :class:`SpeechModel` for arguments and errors."""
    return SpeechModel(
        *(name_or_bundle, device, download_root, in_memory),
        threads=threads,
        verify=verify,
        weight_cache=weight_cache,
        vad=vad,
        accelerator=accelerator,
        soc=soc,
        npu_dispatch=npu_dispatch,
    )
