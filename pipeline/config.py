"""config.yaml → settings: frozen, validated, every mistake reported at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from archive.errors import Faults
from pipeline.languages import AUTO
from pipeline.reading.cluster import HERE, is_safe, resource, scheduler
from pipeline.reading.fields import Fields, path_from
from pipeline.reading.keys import CONFIG as KEYS
from pipeline.reading.values import address, contact, count, language, share, truth
from pipeline.reading.yaml_file import read_yaml
from pipeline.webcopy import CEILINGS, QUALITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Executor: TypeAlias = Literal["inline", "local", "dask"]
Workers: TypeAlias = int | Literal["auto"]

# The types that CTranslate2 computes in, and our `auto`: int8 on a CPU, float16 on a GPU.
COMPUTE_TYPES = (
    "auto",
    "int8",
    "int8_float32",
    "int8_float16",
    "int8_bfloat16",
    "int16",
    "float16",
    "bfloat16",
    "float32",
)


@dataclass(frozen=True, slots=True)
class Transcription:
    """`model`: an absolute folder, a faster-whisper size, or a Hub id."""

    model: str = "large-v3-turbo"
    device: str = "auto"
    compute_type: str = "auto"
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class Voices:
    """Which model makes a vector of a stretch of speech: `embedded`, or one of neural.NEURAL."""

    model: str = "embedded"


@dataclass(frozen=True, slots=True)
class Attribution:
    """Below `min_confidence` (0 to 1) a turn keeps its voice and gets no name."""

    min_confidence: float = 0.8


@dataclass(frozen=True, slots=True)
class Media:
    """Whether copies that browsers play are made; the picture's lines, and one of QUALITIES."""

    web_copy: bool = True
    height: int = 720
    quality: str = "medium"


@dataclass(frozen=True, slots=True)
class Run:
    """Where the work is done, and by how many workers of this machine.

    For `dask`: the scheduler's address, the folder of certificates, and what a worker must have
    for each block, by name.
    """

    executor: Executor = "local"
    workers: Workers = "auto"
    scheduler: str = HERE
    certificates: Path | None = None
    resources: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Site:
    """What the public site says of itself; `names`: may an unconfirmed name be public.

    `open_data`: may visitors ask their own SQL and take the whole file.
    """

    title: str = "Plenary archive"
    language: str = "fr"
    url: str | None = None
    contact: str | None = None
    names: Literal["all", "confirmed"] = "all"
    open_data: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """config.yaml; `data` and `events` are absolute.

    `lines` says where a key stands, as "data" or "transcription.model", for whoever
    finds out later that its value cannot be used.
    """

    path: Path
    data: Path
    events: Path
    transcription: Transcription
    voices: Voices
    attribution: Attribution
    media: Media
    run: Run
    site: Site
    lines: Mapping[str, int] = field(compare=False, repr=False)


def load_settings(path: Path) -> Settings:
    """Read config.yaml; raises Faults with everything that is wrong in it."""
    file = read_yaml(path)
    top = Fields(file, file.root, "config.yaml", KEYS["config.yaml"])
    parts = {name: top.inner(name, name, KEYS[name]) for name in KEYS if name != "config.yaml"}
    share_wanted = parts["attribution"].value("min_confidence", share)
    settings = Settings(
        path=path.absolute(),
        data=top.path("data", "data"),
        events=top.path("events", "events"),
        transcription=_transcription(parts["transcription"], path),
        voices=Voices(parts["voices"].word("model", ("embedded", "wespeaker"), Voices().model)),
        attribution=Attribution() if share_wanted is None else Attribution(share_wanted),
        media=_media(parts["media"]),
        run=_run(parts["run"]),
        site=_site(parts["site"]),
        lines=top.lines | _dotted(parts),
    )
    if file.faults:
        raise Faults(sorted(file.faults, key=lambda fault: fault.line or 0))
    return settings


def _transcription(fields: Fields, config: Path) -> Transcription:
    default = Transcription()
    return Transcription(
        model=fields.value("model", _model_from(config)) or default.model,
        device=fields.word("device", ("auto", "cpu", "cuda"), default.device),
        compute_type=fields.word("compute_type", COMPUTE_TYPES, default.compute_type),
        language=fields.value("language", _spoken) or default.language,
    )


def _spoken(text: str) -> str:
    """Read the language of speech: a tag, or `auto`."""
    return text if text == AUTO else language(text)


def _model_from(config: Path) -> Callable[[str], str]:
    """Return a reader of models: a path becomes absolute, a size or a Hub id stays as it is."""

    def read(text: str) -> str:
        is_path = text.startswith(("./", "../", "/", "~"))
        return str(path_from(config)(text)) if is_path else text

    return read


def _media(fields: Fields) -> Media:
    default = Media()
    web_copy = fields.value("web_copy", truth)
    return Media(
        web_copy=default.web_copy if web_copy is None else web_copy,
        height=int(
            fields.word("height", [str(height) for height in CEILINGS], str(default.height))
        ),
        quality=fields.word("quality", tuple(QUALITIES), default.quality),
    )


def _run(fields: Fields) -> Run:
    default = Run()
    executor = fields.word("executor", ("inline", "local", "dask"), default.executor)
    found = Run(
        executor=cast("Executor", executor),
        workers=fields.value("workers", _workers) or default.workers,
        scheduler=fields.value("scheduler", scheduler) or default.scheduler,
        certificates=fields.value("certificates", path_from(fields.file.path)),
        resources=dict(fields.values("resources", resource)),
    )
    if is_safe(found.scheduler) and found.certificates is None:
        step = "add a line `certificates: ./certificates`; docs/scaling.md says how to make them"
        fields.fault("scheduler", "`tls://` needs certificates", step)
    return found


def _workers(text: str) -> Workers:
    return "auto" if text == AUTO else count(text)


def _site(fields: Fields) -> Site:
    default = Site()
    names = fields.word("names", ("all", "confirmed"), default.names)
    return Site(
        title=fields.text("title") or default.title,
        language=fields.word("language", ("fr", "en"), default.language),
        url=fields.value("url", address),
        contact=fields.value("contact", contact),
        names=cast('Literal["all", "confirmed"]', names),
        open_data=bool(fields.value("open_data", truth)),
    )


def _dotted(parts: Mapping[str, Fields]) -> dict[str, int]:
    return {f"{name}.{key}": n for name, part in parts.items() for key, n in part.lines.items()}
