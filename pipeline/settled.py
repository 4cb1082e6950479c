"""Whether anything changed since a run that left nothing due, told without reading a programme.

Reading a programme strictly costs about 20 ms; an archive of a thousand events would spend
twenty seconds a night to find that nothing changed. So a run that ends with everything done
leaves a mark: one hash over the words of the configuration and of every YAML file of the events
folder, the versions of the steps, what stands in the store, and the day's openings. Files are
vouched for by the ledger, as everywhere. The same mark: nothing is due.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.corrections import model as corrections
from pipeline import hear, listening, pictures, steps
from pipeline.hashing import hash_file
from pipeline.installed import version
from pipeline.ledger import digest

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from archive.store import Store
    from pipeline.config import Settings
    from pipeline.ledger import Ledger

_TARGET = "settled"


def written(settings: Settings) -> dict[str, str]:
    """Hash every file that a person writes, by its path; name the folders of events too.

    A folder that goes, a mount point without its disk, tells something. Raises OSError.
    """
    files = [settings.path, settings.events / "people.yaml", *settings.events.glob("*/*.y*ml")]
    folders = dict.fromkeys(map(str, settings.events.glob("*")), "")
    return folders | {str(file): hash_file(file) for file in files if file.is_file()}


def settle(
    settings: Settings, store: Store, ledger: Ledger, files: Mapping[str, str], today: dt.date
) -> None:
    """Leave the mark of a run that read `files` and left nothing due."""
    if written(settings) == files and _stands(settings, store):
        ledger.apply(_TARGET, _mark(store, ledger, files, today))


def is_settled(settings: Settings, store: Store, ledger: Ledger, today: dt.date) -> bool:
    """Tell whether nothing changed since the last run that left nothing due."""
    return (
        ledger.hashes.all_untouched()
        and _stands(settings, store)
        and ledger.is_applied(_TARGET, _mark(store, ledger, written(settings), today))
    )


def _mark(store: Store, ledger: Ledger, files: Mapping[str, str], today: dt.date) -> str:
    return digest(
        [
            [listening.VERSIONS, steps.VERSIONS, hear.ROWS_VERSION, pictures.VERSIONS],
            [version(name) for name in ("plenary-archive", "faster-whisper", "ctranslate2")],
            dict(files),
            ledger.applied(),
            ledger.made_from("public"),
            store.db.execute(
                "SELECT id FROM sessions WHERE public_from <= ? ORDER BY id", [today.isoformat()]
            ).fetchall(),
            corrections.mark(store.db.conn),
        ]
    )


def _stands(settings: Settings, store: Store) -> bool:
    """Tell whether every recording is done and every file that a visitor gets is there."""
    rows = store.db.execute("SELECT status, media, poster FROM recordings").fetchall()
    files = [name for _, *names in rows for name in names if name and "://" not in name]
    files += [name.removesuffix(".mp4") + ".m4a" for name in files if name.endswith(".mp4")]
    return (
        all(status in {"ok", "partial"} for status, *_ in rows)
        and all((settings.data / name).exists() for name in files)
        and (settings.data / "public" / "archive.db").exists()
    )
