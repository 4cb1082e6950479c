"""Train the demo's small Whisper on two cores.

    python -m demo.make.bank 1 600 BANK/1.pkl          # and a few more seeds
    python -m demo.make.train BANK OUT.pt --minutes 70 [--start CHECKPOINT | --resume]

Cross-entropy on the tokens, CTC on letters from the encoder (it gets the sound learnt at all),
and two cross-attention heads taught where each token is said (word times come from them).
Without `--start`, the first third of the time goes to short windows only: shown all lengths at
once, a new decoder learns the grammar and ignores the sound.
"""

from __future__ import annotations

import argparse
import pickle
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from demo.make import grammar, windows
from demo.make.network import EOT, GUIDED, LETTERS, SOT, Hearer
from demo.make.prompts import encode
from demo.make.vocabulary import SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.make.bank import Take
    from demo.make.windows import Example, Span

FRAMES = 12_000
"""Feature frames (10 ms) per step: four full windows, or more of shorter ones."""

LENGTHS = (700, 700, 1200, 2200)
FULL = 3000
"""Frames of a batch; faster-whisper always pads to FULL."""

PROMPTS = (40, 110, 110, 223)
"""The most tokens of a batch's prompts, drawn evenly: short to save time, up to 110 since most
sessions send so many, and the whole budget. A length left out is one that makes it skip words."""

OTHERS = 600
"""Tokens besides those in use that each step's softmax holds."""

CTC_WEIGHT, LOOK_WEIGHT = 0.5, 0.5
HEAD_WEIGHTS = (0.3, 1.0)
"""Of the heads in GUIDED."""

FEWEST_LETTERS = 40

WARM_UP, SAVE_EVERY, TELL_EVERY, RELOAD_EVERY = 150, 200, 25, 200
"""Steps."""


def read_bank(files: Sequence[Path]) -> list[Take]:
    """All takes in `files`, each sentence checked to be one that training may use."""
    takes: list[Take] = []
    for path in files:
        takes += pickle.loads(path.read_bytes())  # noqa: S301 - written by demo.make.bank
    kept = [line.text for take in takes for line in take if grammar.is_kept(line.text)]
    if kept or not takes:
        raise ValueError(f"{len(files)} files, {len(takes)} takes, sentences held back: {kept[:3]}")
    return takes


def tokens_in_use() -> list[int]:
    """Special tokens, timestamps, and the tokens of sentences drawn from the grammar."""
    dice = random.Random(0)
    found = {EOT, SOT, windows.FRENCH, windows.NO_SPEECH}
    found.update(range(windows.TIME_ZERO, SIZE))
    for _ in range(20_000):
        found.update(encode(grammar.sentence(dice)))
    return sorted(found)


class Batches:
    """Draws batches of windows."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.files: list[Path] = []
        self.bank: list[Take] = []
        self.reload()
        self.dice = random.Random(seed)
        self.noise = np.random.default_rng(seed)

    def reload(self) -> None:
        """Read the bank again if it has grown: more may be spoken while training goes on."""
        found = sorted(self.folder.glob("*.pkl"))
        if found != self.files:
            self.bank, self.files = read_bank(found), found

    def draw(self, full_share: float, short_only: bool) -> tuple[list[Example], int]:
        """Examples of one length, and that length in frames."""
        frames = self.dice.choice(LENGTHS) if self.dice.random() >= full_share else FULL
        frames = LENGTHS[0] if short_only else frames
        room = self.dice.choice(PROMPTS)
        made = []
        for _ in range(FRAMES // frames):
            seconds = frames / 100
            if frames == FULL:
                seconds = self.dice.choice((5.0, 12.0, 20.0, 29.9, 29.9, 29.9))
            made.append(windows.example(self.bank, seconds, room, self.dice, self.noise))
        return made, frames


def stacked(examples: Sequence[Example], frames: int, dice: random.Random) -> Tensor:
    """Features [batch, 80, frames], padded with zeros, a few bands and instants masked."""
    mel = torch.zeros(len(examples), 80, frames)
    for place, example in enumerate(examples):
        length = min(example.mel.shape[1], frames)
        mel[place, :, :length] = example.mel[:, :length]
        band, instant = dice.randrange(72), dice.randrange(frames)
        mel[place, band : band + dice.randint(0, 6)] = 0
        mel[place, :, instant : instant + dice.randint(0, 12)] = 0
    return mel


def token_grids(examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
    """Tokens and labels [batch, longest], padded with EOT and -100."""
    longest = max(len(example.tokens) for example in examples)
    tokens = torch.full((len(examples), longest), EOT)
    labels = torch.full((len(examples), longest), -100)
    for place, example in enumerate(examples):
        tokens[place, : len(example.tokens)] = torch.tensor(example.tokens)
        labels[place, : len(example.labels)] = torch.tensor(example.labels)
    return tokens, labels


def where(looks: Sequence[Sequence[Span | None]], tokens: int, frames: int) -> Tensor:
    """[batch, tokens, frames]: for a token with a known time, even weights over its frames."""
    grid = torch.zeros(len(looks), tokens, frames)
    for place, spans in enumerate(looks):
        for number, span in enumerate(spans):
            if span is None:
                continue
            low = min(max(round(span[0] / windows.TICK), 0), frames - 1)
            high = min(max(round(span[1] / windows.TICK), low + 1), frames)
            grid[place, number, low:high] = 1 / (high - low)
    return grid


class Losses:
    """The three losses, and the tokens that the softmax holds."""

    def __init__(self, seed: int) -> None:
        used = tokens_in_use()
        self.used = torch.tensor(used)
        self.others = sorted(set(range(SIZE)) - set(used))
        self.place = torch.full((SIZE,), -100)
        self.place[self.used] = torch.arange(len(used))
        self.dice = random.Random(seed)

    def words(self, hearer: Hearer, hidden: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy over the tokens in use and some others."""
        asked = labels != -100
        held = torch.cat([self.used, torch.tensor(self.dice.sample(self.others, OTHERS))])
        weights = hearer.whisper.model.decoder.embed_tokens.weight[held]
        return functional.cross_entropy(hidden[asked] @ weights.T, self.place[labels[asked]])

    def letters(self, hearer: Hearer, sound: Tensor, examples: Sequence[Example]) -> Tensor:
        """CTC on the letters of what is said."""
        spelled = [
            [LETTERS.index(letter) + 1 for letter in example.text.lower() if letter in LETTERS]
            for example in examples
        ]
        scores = functional.log_softmax(hearer.ctc(sound), -1).transpose(0, 1)
        lengths = torch.tensor([len(letters) for letters in spelled])
        each = functional.ctc_loss(
            scores,
            torch.tensor([letter for letters in spelled for letter in letters]),
            torch.full((len(spelled),), sound.shape[1]),
            lengths,
            reduction="none",
            zero_infinity=True,
        )
        # Windows without speech have no letters: they count as if they had some.
        return (each / lengths.clamp(min=FEWEST_LETTERS)).mean()

    @staticmethod
    def looks(seen: Sequence[Tensor], grid: Tensor) -> Tensor:
        """How far the guided heads look from where they should (Kullback-Leibler)."""
        known = grid.sum(-1) > 0
        aims = grid[known]
        spread = -(aims * aims.clamp(min=1e-9).log()).sum(-1).mean()
        off = [
            weight * (-(aims * look[known]).sum(-1).mean() - spread)
            for weight, look in zip(HEAD_WEIGHTS, seen, strict=True)
        ]
        return torch.stack(off).sum()


class Training:
    """A model, its optimiser, and where they stand."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.hearer = Hearer()
        self.losses = Losses(given.seed)
        self.optimiser = torch.optim.AdamW(
            [weight for weight in self.hearer.parameters() if weight.requires_grad],
            lr=given.rate,
            betas=(0.9, 0.98),
            weight_decay=0.01,
            fused=True,
        )
        self.step, self.spent = 0, 0.0
        if given.resume:
            self.resume()
        elif given.start:
            self.hearer.load(given.start)
        # Other windows after each resumption than those already shown.
        self.batches = Batches(given.bank, given.seed + self.step)

    def resume(self) -> None:
        """Go on from the checkpoint at the output's place."""
        self.hearer.load(self.given.out)
        state: dict[str, Any] = torch.load(self.given.out, weights_only=True)
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.spent = state["step"], state["spent"]

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state = self.hearer.kept() | {
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "spent": self.spent,
        }
        partial = self.given.out.with_suffix(".partial")
        torch.save(state, partial)
        partial.rename(self.given.out)

    def rate(self, done: float) -> float:
        """The learning rate when a share `done` of the time is spent: level, then falling."""
        level: float = self.given.rate
        return level * min(1, (self.step + 1) / WARM_UP) * min(1.0, max(0.02, 1.6 * (1 - done)))

    def advance(self, done: float) -> list[float]:
        """One step; the three losses."""
        short = not (self.given.start or self.given.resume) and done < 0.33
        examples, frames = self.batches.draw(self.given.full + 0.35 * (done > 0.75), short)
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate(done)
        tokens, labels = token_grids(examples)
        sound = self.hearer.encode(stacked(examples, frames, self.batches.dice))
        hidden, seen = self.hearer.decode(tokens, sound)
        grid = where([example.looks for example in examples], tokens.shape[1], sound.shape[1])
        parts = [
            self.losses.words(self.hearer, hidden, labels),
            self.losses.letters(self.hearer, sound, examples),
            self.losses.looks(seen, grid),
        ]
        loss = parts[0] + CTC_WEIGHT * parts[1] + LOOK_WEIGHT * parts[2]
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.hearer.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        return [part.item() for part in parts]

    def run(self) -> None:
        """Train until the time is spent."""
        budget = self.given.minutes * 60
        mean: list[float] = []
        while self.spent < budget:
            began = time.monotonic()
            now = self.advance(self.spent / budget)
            mean = [0.97 * old + 0.03 * new for old, new in zip(mean or now, now, strict=True)]
            self.spent += time.monotonic() - began
            if self.step % TELL_EVERY == 0:
                words, letters, looks = mean
                print(
                    f"step {self.step} at {self.spent:.0f} s: words {words:.3f} "
                    f"letters {letters:.3f} looks {looks:.3f}",
                    flush=True,
                )
            if self.step % SAVE_EVERY == 0:
                self.save()
            if self.step % RELOAD_EVERY == 0:
                self.batches.reload()
        self.save()


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bank", type=Path, help="folder of banks (demo.make.bank)")
    parser.add_argument("out", type=Path, help="checkpoint to write")
    parser.add_argument("--minutes", type=float, default=70)
    parser.add_argument("--start", type=Path, help="checkpoint to start from")
    parser.add_argument("--resume", action="store_true", help="go on from the output")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--full", type=float, default=0.3, help="share of batches padded to 30 s")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    print(f"heads taught: {GUIDED}", flush=True)
    Training(given).run()


if __name__ == "__main__":
    main()
