"""The small Whisper: its shape, and a forward pass that shows where two heads look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import WhisperConfig, WhisperForConditionalGeneration

from demo.make.vocabulary import SIZE

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEAD = 128, 64
ENCODER_LAYERS, DECODER_LAYERS = 3, 2
EOT, SOT = 50257, 50258
LETTERS = " abcdefghijklmnopqrstuvwxyzàâçéèêëîïôùûœ'-"
"""What the CTC layer spells; class 0 is its blank."""

GUIDED = ((0, 1), (1, 1))
"""Cross-attention heads (layer, head) that are taught where each token is spoken."""


def configuration() -> WhisperConfig:
    """Whisper's configuration, with small numbers."""
    return WhisperConfig(
        vocab_size=SIZE,
        d_model=WIDTH,
        encoder_layers=ENCODER_LAYERS,
        decoder_layers=DECODER_LAYERS,
        encoder_attention_heads=WIDTH // HEAD,
        decoder_attention_heads=WIDTH // HEAD,
        encoder_ffn_dim=4 * WIDTH,
        decoder_ffn_dim=4 * WIDTH,
        num_mel_bins=80,
        max_source_positions=1500,
        max_target_positions=448,
        dropout=0.0,
        pad_token_id=EOT,
        bos_token_id=EOT,
        eos_token_id=EOT,
        decoder_start_token_id=SOT,
    )


def split_heads(values: Tensor) -> Tensor:
    """[batch, time, width] to [batch, heads, time, HEAD]."""
    return values.unflatten(-1, (-1, HEAD)).transpose(1, 2)


class Hearer(nn.Module):
    """Whisper for training: encoder, decoder, and a CTC layer that conversion drops."""

    def __init__(self) -> None:
        super().__init__()
        self.whisper = WhisperForConditionalGeneration(configuration())
        self.ctc = nn.Linear(WIDTH, len(LETTERS) + 1)

    def encode(self, mel: Tensor) -> Tensor:
        """[batch, 80, frames] to [batch, frames / 2, WIDTH], for any even number of frames."""
        encoder = self.whisper.model.encoder
        hidden = functional.gelu(encoder.conv1(mel))
        hidden = functional.gelu(encoder.conv2(hidden)).transpose(1, 2)
        hidden = hidden + encoder.embed_positions.weight[: hidden.shape[1]]
        for layer in encoder.layers:
            normed = layer.self_attn_layer_norm(hidden)
            hidden = hidden + attend(layer.self_attn, normed, normed, causal=False)
            hidden = hidden + feed_forward(layer, hidden)
        done: Tensor = encoder.layer_norm(hidden)
        return done

    def decode(self, tokens: Tensor, sound: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Hidden states [batch, tokens, WIDTH], and the log attention of each GUIDED head.

        Each of the latter is [batch, tokens, frames / 2].
        """
        decoder = self.whisper.model.decoder
        places = decoder.embed_positions.weight[: tokens.shape[1]]
        hidden = decoder.embed_tokens(tokens) + places
        looks: dict[tuple[int, int], Tensor] = {}
        for number, layer in enumerate(decoder.layers):
            normed = layer.self_attn_layer_norm(hidden)
            hidden = hidden + attend(layer.self_attn, normed, normed, causal=True)
            normed = layer.encoder_attn_layer_norm(hidden)
            for head in [head for at, head in GUIDED if at == number]:
                looks[number, head] = look(layer.encoder_attn, head, normed, sound)
            hidden = hidden + attend(layer.encoder_attn, normed, sound, causal=False)
            hidden = hidden + feed_forward(layer, hidden)
        return decoder.layer_norm(hidden), [looks[place] for place in GUIDED]

    def load(self, path: Path) -> None:
        """Take the weights of a checkpoint: `model` and `ctc`, in any float type."""
        kept = torch.load(path, map_location="cpu", weights_only=True)
        missing, unknown = self.whisper.load_state_dict(kept["model"], strict=False)
        unexpected = set(missing) - {"proj_out.weight", "model.encoder.embed_positions.weight"}
        if unexpected or unknown:
            raise ValueError(f"{path}: missing {sorted(unexpected)}, unknown {unknown}")
        self.ctc.load_state_dict(kept["ctc"])

    def kept(self) -> dict[str, dict[str, Tensor]]:
        """The weights as a checkpoint, each tied or computed tensor left out."""
        computed = {"proj_out.weight", "model.encoder.embed_positions.weight"}
        model = self.whisper.state_dict()
        return {
            "model": {name: value for name, value in model.items() if name not in computed},
            "ctc": self.ctc.state_dict(),
        }


def attend(layer: nn.Module, asking: Tensor, answering: Tensor, *, causal: bool) -> Tensor:
    """Attention of `layer` from [batch, n, WIDTH] to [batch, m, WIDTH]: [batch, n, WIDTH]."""
    query = split_heads(layer.q_proj(asking))
    key, value = split_heads(layer.k_proj(answering)), split_heads(layer.v_proj(answering))
    mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=causal)
    out: Tensor = layer.out_proj(mixed.transpose(1, 2).flatten(2))
    return out


def look(layer: nn.Module, head: int, asking: Tensor, answering: Tensor) -> Tensor:
    """The log attention of one head: [batch, n, m]."""
    rows = slice(head * HEAD, (head + 1) * HEAD)
    query = functional.linear(asking, layer.q_proj.weight[rows], layer.q_proj.bias[rows])
    key = functional.linear(answering, layer.k_proj.weight[rows])
    return functional.log_softmax(query @ key.transpose(1, 2) * HEAD**-0.5, dim=-1)


def feed_forward(layer: nn.Module, hidden: Tensor) -> Tensor:
    """The layer's two dense maps, after its last normalisation."""
    out: Tensor = layer.fc2(functional.gelu(layer.fc1(layer.final_layer_norm(hidden))))
    return out
