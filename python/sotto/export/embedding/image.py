"""Images, and texts in their space: CLIP, SigLIP and ViTs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from torch import nn

from sotto.bundle import (
    Embedder,
    Embedding,
    ImageEncoder,
    Signature,
    TensorSpec,
    TextEncoder,
)
from sotto.checkpoints.hub import bundle_source
from sotto.checkpoints.image_text import ImageTextCheckpoint
from sotto.checkpoints.image_text_layout import PLAIN
from sotto.checkpoints.image_text_reader import read_image_text
from sotto.checkpoints.recognise import encoder_weights
from sotto.errors import OptionError
from sotto.export.embedding.bundle import EmbeddingSource, Tower
from sotto.export.embedding.image_text import image_graph, text_graph
from sotto.export.embedding.image_text_reference import ImageTextReference
from sotto.export.embedding.pictures import picture
from sotto.export.embedding.text import POSITIONS, TOKENIZER, TextOptions
from sotto.export.embedding.text_inputs import TextInputs, text_component
from sotto.export.embedding.text_tokenizer import tokenizer_in
from sotto.export.quantize.precision import Precision
from sotto.export.quantize.token_table import TABLES, write_token_table
from sotto.graphs.bert import text_signature
from sotto.preprocess.image import ImageProcessor

Graphs = list[tuple[Signature, Callable[[], nn.Module]]]


def image_signature(side: int, dimensions: int, batch: int) -> Signature:
    """``image_{batch}``: pixels to vectors."""
    pixels = TensorSpec("pixels", (batch, 3, side, side))
    return Signature(f"image_{batch}", (pixels,), (TensorSpec("embedding", (batch, dimensions)),))


def read_image_model(
    directory: Path, name: str, options: TextOptions | None = None
) -> EmbeddingSource:
    """Reads a checkpoint of images, or of images and texts, with processor and tokenizer.

    Args:
        directory: in Hugging Face's layout.
        name: of the bundle.
        options: lengths of the text graphs, and the batches of both.

    Raises:
        CheckpointError: a file is missing, damaged, or of another model.
        OptionError: a length or a batch is out of range.
    """
    checkpoint = read_image_text(encoder_weights(directory), name)
    reference = ImageTextReference(checkpoint)
    options = options or TextOptions()
    towers: list[Tower] = []
    if checkpoint.text:
        tokenizer, longest = tokenizer_in(checkpoint.directory, checkpoint.text.n_vocab)
        longest = min(longest, checkpoint.text.n_ctx)
        if checkpoint.family == "siglip":
            if options.lengths is not None:
                raise OptionError("lengths: SigLIP pads every text to its longest")
            options, longest = TextOptions((), options.batches), checkpoint.text.n_ctx
        lengths = options.buckets(longest)
        batches = sorted(set(options.batches))
        towers.append(PairedTextTower(checkpoint, reference, tokenizer, longest, lengths, batches))
    elif options.lengths is not None:
        raise OptionError(f"lengths: a {checkpoint.family} takes no texts")
    if checkpoint.image:
        TextOptions((), options.batches).buckets(2)  # refuses impossible batches
        towers.append(ImageTower(checkpoint, reference, sorted(set(options.batches))))
    return EmbeddingSource(
        name=name,
        family=checkpoint.family,
        source=bundle_source(checkpoint.source, checkpoint.format, checkpoint.sha256),
        dimensions=checkpoint.dimensions,
        embedding=Embedding(
            normalize=checkpoint.family not in PLAIN,
            logit_scale=checkpoint.logit_scale,
            logit_bias=checkpoint.logit_bias,
        ),
        towers=towers,
    )


@dataclass(frozen=True, eq=False)
class ImageTower:
    """An image encoder as :class:`sotto.export.embedding.bundle.Tower` has it.

    Attributes:
        checkpoint: weights and processor.
        reference: transformers' class.
        batches: images a graph takes at once, in order.
    """

    checkpoint: ImageTextCheckpoint
    reference: ImageTextReference
    batches: Sequence[int]
    modality: str = "image"

    def graphs(self) -> Graphs:
        """A graph for each batch."""
        dims = self.checkpoint.image
        assert dims is not None
        return [
            (
                image_signature(dims.size, self.checkpoint.dimensions, batch),
                partial(image_graph, self.checkpoint, batch),
            )
            for batch in self.batches
        ]

    def describe(self, directory: Path, precision: Precision) -> ImageEncoder:
        """The component; an image encoder's host needs no tables."""
        settings = self.checkpoint.settings
        assert settings is not None
        return ImageEncoder(graphs=(), gelu=self.checkpoint.image_gelu, processor=settings)

    def sample(
        self, directory: Path, component: Embedder, signature: Signature
    ) -> list[np.ndarray]:
        """A picture for each place of the batch, as the processor makes it."""
        settings = self.checkpoint.settings
        assert settings is not None
        batch = signature.inputs[0].shape[0]
        return [ImageProcessor(settings)([picture(number) for number in range(batch)])]

    def expected(self, directory: Path, component: Embedder, signature: Signature) -> np.ndarray:
        """transformers' vectors of the same pixels, ``[B, d]``."""
        return self.reference.of_images(*self.sample(directory, component, signature))


@dataclass(frozen=True, eq=False)
class PairedTextTower:
    """CLIP's or SigLIP's text encoder as :class:`sotto.export.embedding.bundle.Tower` has it.

    Attributes:
        checkpoint: weights.
        reference: transformers' class.
        tokenizer: neither truncates nor pads.
        longest: tokens that a text may have, of SigLIP has.
        lengths: of the graphs, in order.
        batches: of each length, in order.
    """

    checkpoint: ImageTextCheckpoint
    reference: ImageTextReference
    tokenizer: Tokenizer
    longest: int
    lengths: Sequence[int]
    batches: Sequence[int]
    modality: str = "text"

    @property
    def pads(self) -> bool:
        """Whether every text is padded to the longest, and the last position pooled (SigLIP)."""
        return self.checkpoint.family == "siglip"

    def graphs(self) -> Graphs:
        """A graph for each length and batch, ascending."""
        dims = self.checkpoint.text
        assert dims is not None
        return [
            (
                text_signature(dims.n_state, self.checkpoint.dimensions, length, batch),
                partial(text_graph, self.checkpoint, length, batch),
            )
            for length in self.lengths
            for batch in self.batches
        ]

    def describe(self, directory: Path, precision: Precision) -> TextEncoder:
        """Writes tokenizer, token and position rows."""
        state = self.checkpoint.state
        self.tokenizer.save(str(directory / TOKENIZER))
        positions = state["text.position_embedding.weight"][: self.longest]
        np.save(directory / POSITIONS, np.ascontiguousarray(positions))
        return TextEncoder(
            graphs=(),
            gelu=self.checkpoint.text_gelu,
            token_embedding=write_token_table(
                state["text.token_embedding.weight"], directory, TABLES[precision]
            ),
            position_embedding=POSITIONS,
            tokenizer=TOKENIZER,
            max_length=self.longest,
            pooling="last" if self.pads else "eot",
            pad_token=self.checkpoint.pad_token,
            padded=self.pads,
            eot_token=self.checkpoint.eot_token,
        )

    def sample(
        self, directory: Path, component: Embedder, signature: Signature
    ) -> list[np.ndarray]:
        """Real texts of several lengths, laid out."""
        inputs = TextInputs.read(directory, text_component(component))
        return inputs.lay_out(inputs.sample(signature), signature)

    def expected(self, directory: Path, component: Embedder, signature: Signature) -> np.ndarray:
        """transformers' vector of each text alone, ``[B, d]``."""
        inputs = TextInputs.read(directory, text_component(component))
        return self.reference.of_texts(inputs.sample(signature))
