"""The mean of a training's last checkpoints: `python -m demo.make.average OUT A.pt B.pt …`.

Weights averaged over the end of a training hear a little better than the last ones alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch


def averaged(paths: list[Path]) -> dict[str, dict[str, torch.Tensor]]:
    """`model` and `ctc`, each weight the mean over the checkpoints."""
    states = [torch.load(path, map_location="cpu", weights_only=True) for path in paths]
    return {
        part: {
            name: torch.stack([state[part][name].float() for state in states]).mean(0)
            for name in states[0][part]
        }
        for part in ("model", "ctc")
    }


def main() -> None:
    """Read the command line and write the mean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    given = parser.parse_args()
    torch.save(averaged(given.checkpoints), given.out)


if __name__ == "__main__":
    main()
