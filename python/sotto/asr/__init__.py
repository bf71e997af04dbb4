"""Speech to text: the user's side of the C++ runtime."""

from sotto.asr.model import SpeechModel, load_model
from sotto.asr.options import TranscribeOptions
from sotto.asr.result import Piece, Profile, Transcription

__all__ = [
    "Piece",
    "Profile",
    "SpeechModel",
    "TranscribeOptions",
    "Transcription",
    "load_model",
]
