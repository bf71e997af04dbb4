"""Silero VAD, 16 kHz: is there speech in a chunk of 512 samples?

The reference is the package silero-vad: STFT magnitudes, four convolutions, an LSTM cell, one
output (``tinygrad_model.py``, whose names the state dict has). The LSTM's state is the host's,
and so is laying out a chunk: 64 samples of the chunk before, 512 of its own, and 64 reflected
at its end. Graphs of several chunks a call were no faster.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sotto.bundle import Signature, TensorSpec
from sotto.checkpoints.silero import BINS, HOP, STATE
from sotto.graphs.transformer import Weights, tensor

CHUNK = 512
"""Samples that one probability is for: 32 ms."""

CONTEXT = 64
"""Samples of the chunk before that are heard with it."""

REFLECTED = 64
"""Samples repeated backwards after its end; the last one is not repeated."""

HOPS = (CONTEXT + CHUNK + REFLECTED) // HOP


def detector() -> Signature:
    """``detect``: a laid out chunk and the state to a probability and the next state."""
    state = (1, STATE)
    return Signature(
        "detect",
        (
            TensorSpec("samples", (1, HOPS * HOP)),
            TensorSpec("h", state),
            TensorSpec("c", state),
        ),
        (
            TensorSpec("probability", (1, 1)),
            TensorSpec("new_h", state),
            TensorSpec("new_c", state),
        ),
    )


class VoiceActivity(nn.Module):
    """One chunk.

    In: ``samples [1, 640]``, ``h [1, 128]``, ``c [1, 128]``; both states are 0 before the first
    chunk. Out: ``probability [1, 1]`` of speech, and the new states.
    """

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.stft = _linear(tensor(weights, "stft_conv.weight")[:, 0])
        self.conv1 = _conv(weights, "conv1", stride=1)
        self.conv2 = _conv(weights, "conv2", stride=2)
        self.conv3 = _conv(weights, "conv3", stride=2)
        # One frame is left by now: the outer taps would see nothing but padding.
        self.conv4 = _linear(
            tensor(weights, "conv4.weight")[:, :, 1], tensor(weights, "conv4.bias")
        )
        self.input = _linear(
            tensor(weights, "lstm_cell.weight_ih"),
            tensor(weights, "lstm_cell.bias_ih") + tensor(weights, "lstm_cell.bias_hh"),
        )
        self.recurrent = _linear(tensor(weights, "lstm_cell.weight_hh"))
        self.output = _linear(
            tensor(weights, "final_conv.weight")[:, :, 0], tensor(weights, "final_conv.bias")
        )

    def forward(self, samples: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # A window of 256 samples at a hop of 128 is two hops side by side.
        hops = samples.reshape(1, HOPS, HOP)
        spectrum = self.stft(torch.cat([hops[:, :-1], hops[:, 1:]], dim=2))
        real, imaginary = spectrum[:, :, :BINS], spectrum[:, :, BINS:]
        x = torch.sqrt(real * real + imaginary * imaginary).transpose(1, 2)
        x = torch.relu(self.conv3(torch.relu(self.conv2(torch.relu(self.conv1(x))))))
        x = torch.relu(self.conv4(x.reshape(1, -1)))
        # torch.nn.LSTMCell has its gates in this order.
        gates = self.input(x) + self.recurrent(h)
        keep_new, keep_old = gates[:, :STATE], gates[:, STATE : 2 * STATE]
        cell, emit = gates[:, 2 * STATE : 3 * STATE], gates[:, 3 * STATE :]
        c = torch.sigmoid(keep_old) * c + torch.sigmoid(keep_new) * torch.tanh(cell)
        h = torch.sigmoid(emit) * torch.tanh(c)
        return torch.sigmoid(self.output(torch.relu(h))), h, c


def _linear(weight: Tensor, bias: Tensor | None = None) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    layer.weight = nn.Parameter(weight.contiguous(), requires_grad=False)
    if bias is not None:
        layer.bias = nn.Parameter(bias, requires_grad=False)
    return layer


def _conv(weights: Weights, prefix: str, stride: int) -> nn.Conv1d:
    weight, bias = tensor(weights, f"{prefix}.weight"), tensor(weights, f"{prefix}.bias")
    conv = nn.Conv1d(weight.shape[1], weight.shape[0], kernel_size=3, stride=stride, padding=1)
    conv.weight = nn.Parameter(weight, requires_grad=False)
    conv.bias = nn.Parameter(bias, requires_grad=False)
    return conv
