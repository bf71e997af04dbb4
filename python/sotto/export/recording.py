"""Real speech to compare graphs over, when the caller names none."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sotto.errors import AudioError
from sotto.preprocess import AudioSource

PACKAGE = "moonshine_voice"
FILE = Path("assets") / "two_cities.wav"


def packaged_recording() -> Path:
    """The recording that the package moonshine-voice carries: 44 s of English speech.

    Raises:
        AudioError: the package is not installed.
    """
    # Found, not imported: nothing of the package is run.
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        file = Path(folder) / FILE
        if file.is_file():
            return file
    raise AudioError(
        "no recording to verify with: pass --audio FILE with some seconds of speech, "
        "or pip install 'sotto[weights]'"
    )


def name_of(source: AudioSource) -> str:
    """Of a recording's file, without the folders of the machine that it is on."""
    return Path(source).name if isinstance(source, str | Path) else type(source).__name__
