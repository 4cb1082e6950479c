"""Where recognition models lie, how they are fetched once, and which one this is.

A model is a folder in CTranslate2's form: named by the configuration, or a size of
faster-whisper's or a Hub id, which `fetch_model` brings into `data/models`. Only
`fetch_model` uses the network.
"""

from __future__ import annotations

import contextlib
from functools import lru_cache
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import huggingface_hub
from faster_whisper.utils import _MODELS, available_models, download_model
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
from rapidfuzz import process
from tokenizers import Tokenizer

from archive.errors import ModelFault
from pipeline.ledger import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NEEDED = ("model.bin", "config.json", "tokenizer.json")
"""Files without which a model cannot be loaded, or only by way of the network."""

OF_WORDS = (*NEEDED, "preprocessor_config.json")
"""The files of a model that its words come from, as far as it has them."""

ANSWER_S = 5
"""Seconds within which the model hub must answer before its gigabytes are asked for."""


def find_model(name: str, data: Path) -> Path:
    """Return the folder of a model that is on this machine; never uses the network.

    `name` is a folder, or a size or Hub id that was fetched into `data/models` or that the
    Hub's own cache holds. Raises ModelFault.
    """
    if _is_folder(name):
        return _checked(Path(name).expanduser())
    repository = _repository(name)
    for cache in (_store(data), None):
        with contextlib.suppress(Exception):
            # Whatever the Hub's client raises here means that this cache does not hold it.
            found = Path(download_model(repository, cache_dir=cache, local_files_only=True))
            if not _missing(found):
                return found
    raise ModelFault(
        "the model {name} is not on this machine",
        "run `plenary fetch-models` once, with a connection to the internet",
        name=name,
    )


def fetch_model(name: str, data: Path, progress: Callable[[float], None] | None = None) -> Path:
    """Bring a model into `data/models`, if it is not there yet, and return its folder.

    `progress` hears fractions from 0 to 1. Raises ModelFault, within seconds where the hub
    does not answer.
    """
    if _is_folder(name):
        return find_model(name, data)
    with contextlib.suppress(ModelFault):
        return find_model(name, data)
    repository = _repository(name)
    try:
        about = huggingface_hub.HfApi().model_info(
            repository, timeout=ANSWER_S, files_metadata=True
        )
        total = sum(file.size or 0 for file in about.siblings or ())
        with _watched(_store(data), total, progress):
            folder = Path(download_model(repository, cache_dir=str(_store(data))))
    except (RepositoryNotFoundError, GatedRepoError) as error:
        raise ModelFault(
            "the model hub has no public model {repository}",
            "name a size ({sizes}), a Hub id or a folder under `transcription: model:`",
            repository=repository,
            sizes=", ".join(available_models()),
        ) from error
    except Exception as error:
        # Its client raises its own errors, those of two HTTP libraries and the system's.
        raise ModelFault(
            "the model {name} could not be fetched ({reason})",
            "see whether the internet can be reached, then run `plenary fetch-models` again;"
            " or copy the model's folder here and name it under `transcription: model:`",
            name=name,
            reason=type(error).__name__,
        ) from error
    return _checked(folder)


def model_hash(folder: Path, hashed: Callable[[Path], str]) -> str:
    """Return one hash over the files of a model that its words come from."""
    files = [folder / name for name in OF_WORDS if (folder / name).exists()]
    return digest({file.name: hashed(file) for file in files})


def token_counter(folder: Path) -> Callable[[str], int]:
    """Return a function that counts a text's tokens as the model in `folder` does.

    Counted as a prompt is: with a space before. Raises ModelFault.
    """
    try:
        tokenizer = _tokenizer(folder / "tokenizer.json")
    except Exception as error:
        # The tokenizers library raises bare Exception.
        raise _unreadable(folder, f"tokenizer.json: {error}") from error
    return lambda text: len(tokenizer.encode(f" {text}", add_special_tokens=False).ids)


@lru_cache(maxsize=1)
def _tokenizer(file: Path) -> Tokenizer:
    """Read a vocabulary once for all sessions of a night: it takes a tenth of a second."""
    return Tokenizer.from_file(str(file))


def _is_folder(name: str) -> bool:
    return name.startswith((".", "/", "~")) or Path(name).is_dir()


def _repository(name: str) -> str:
    """Return the Hub id that a name stands for; raises ModelFault when it stands for none."""
    if name.count("/") == 1:
        return name
    known = _MODELS.get(name)
    if known is None:
        nearest = process.extractOne(name, available_models())
        raise ModelFault(
            "there is no model called {name}",
            "did you mean {nearest}? A size, a Hub id (owner/name) or a folder may stand under"
            " `transcription: model:`",
            name=name,
            nearest=nearest[0],
        )
    return str(known)


def _store(data: Path) -> Path:
    return data / "models"


def _missing(folder: Path) -> tuple[str, ...]:
    return tuple(name for name in NEEDED if not (folder / name).is_file())


def _checked(folder: Path) -> Path:
    """Return a folder that holds what a model needs; raises ModelFault."""
    if not folder.is_dir():
        raise ModelFault(
            "there is no such model folder",
            "correct `transcription: model:` in config.yaml",
            path=folder,
        )
    missing = _missing(folder)
    if missing:
        raise _unreadable(folder, f"it has no {', no '.join(missing)}")
    return folder


def _unreadable(folder: Path, reason: str) -> ModelFault:
    return ModelFault(
        "it is no model that can be used: {reason}",
        "fetch or copy it again; it must be a Whisper model in CTranslate2's form",
        path=folder,
        reason=reason,
    )


@contextlib.contextmanager
def _watched(folder: Path, total: int, progress: Callable[[float], None] | None) -> Iterator[None]:
    """Tell `progress` every second how much of `total` bytes has arrived in `folder`."""
    ended = Event()

    def watch() -> None:
        before = _bytes_in(folder)
        while progress is not None and not ended.wait(1):
            progress(min(1.0, (_bytes_in(folder) - before) / max(1, total)))

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _bytes_in(folder: Path) -> int:
    """Size of the files in a folder, links not counted, those that vanish meanwhile neither."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            status = path.lstat()
            total += status.st_size if path.is_file() and not path.is_symlink() else 0
    return total
