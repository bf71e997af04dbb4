"""What a transcription is written as: text of a format, from openai-whisper's result.

txt, vtt, srt, tsv and json are those of openai-whisper's writers (``whisper/utils.py``), byte
for byte; lrc is that of whisper.cpp. All are pure functions of the dict that
``SpeechModel.transcribe`` gives, or ``whisper.transcribe``.
"""

from sotto.asr.formats.cues import Cue, LineOptions, cues
from sotto.asr.formats.lyrics import lrc
from sotto.asr.formats.plain import json, tsv, txt
from sotto.asr.formats.subtitles import srt, vtt

FORMATS = {"txt": txt, "vtt": vtt, "srt": srt, "tsv": tsv, "json": json, "lrc": lrc}
"""By name, which is the file's suffix too: ``(result, options: LineOptions) -> str``."""

__all__ = ["FORMATS", "Cue", "LineOptions", "cues", "json", "lrc", "srt", "tsv", "txt", "vtt"]
