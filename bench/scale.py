"""What an archive of thousands of hours costs: run, publication, nothing due, search, disk.

    python -m bench.scale [--hours 100 1000] [--drawn 1000] [--folder DIR] [--repeated 10 100]

One archive grows through the given sizes (bench/simulated.py: drawn words, everything else the
project's own). At each size: processor seconds of the run for each new hour; `plenary publish`;
`plenary run` with nothing due; a run with one more hour, published as ever; searches; bytes. With
`--drawn N` only the first N hours are drawn: later ones are the same captures at other events,
which take every way but that of recognition, its gate and its turns. With
`--repeated N …` the rows of the largest archive are then laid N times into another work.db, which
is published and searched: its texts are N times the same, so its vocabulary grows no more.
Prints a line of JSON for each size. Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import quantiles

from archive.search import Query, search
from bench.simulated import PER_EVENT, ROOT, law, write

PLENARY = Path(sys.executable).with_name("plenary")
PUBLISH = """\
from datetime import date
from pathlib import Path
from archive.publish import publish
publish(Path({work!r}), Path({public!r}), today=date(2026, 1, 1), names="all")
"""
SIMULATED = [sys.executable, "-m", "bench.simulated"]
# Tables whose rows are of one event, with those of their columns that are ids of it or of its
# sessions and recordings.
OF_EVENT = {
    "events": ("id",),
    "mentions": ("event_id",),
    "names": ("event_id",),
    "roles": ("event_id",),
    "sessions": ("id", "event_id", "recording_id"),
    "programme": ("session_id",),
    "recordings": ("id", "event_id"),
    "captures": ("recording_id",),
    "turns": ("session_id", "recording_id"),
    "passages": (),
    "provenance": ("recording_id",),
}
# Those of their columns that count rows.
NUMBERS = {"captures": "id", "turns": "id", "passages": "turn_id"}


@dataclass(frozen=True)
class Cost:
    """Wall and processor seconds of a command, and the most memory of any process in it."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def cost(command: list[str]) -> Cost:
    """Run a command and tell what it took."""
    log = subprocess.DEVNULL
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    wall_s = time.monotonic() - began
    return Cost(round(wall_s, 2), round(used.ru_utime + used.ru_stime, 2), used.ru_maxrss // 1024)


def searches() -> list[Query]:
    """Return what visitors may ask: words from common to rare, pairs, phrases, beginnings."""
    words, _ = law()
    dice = random.Random(3)

    def drawn(most: int) -> str:
        return str(words[int(most ** dice.random())])

    texts = [
        *(drawn(100_000) for _ in range(40)),
        *(f"{drawn(1_000)} {drawn(10_000)}" for _ in range(30)),
        *(f'"{drawn(100)} {drawn(100)}"' for _ in range(15)),
        *(f"{drawn(10_000)[:4]}*" for _ in range(15)),
    ]
    return [Query(text) for text in texts] + [Query(text, year="2005") for text in texts[:20]]


def searched(public: Path) -> dict[str, float]:
    """Return what searches of a published file take, in milliseconds of processor time."""
    took = []
    with closing(sqlite3.connect(f"{public.resolve().as_uri()}?immutable=1", uri=True)) as db:
        search(db, Query("territoire"))  # what is loaded once, dictionaries and the like
        for query in searches():
            began = time.process_time()
            search(db, query)
            took.append((time.process_time() - began) * 1000)
    shares = quantiles(took, n=100)
    return {"p50": round(shares[49], 1), "p95": round(shares[94], 1), "max": round(max(took), 1)}


def grow(folder: Path, before: int, hours: int, drawn: int) -> dict[str, object]:
    """Bring the archive from `before` to `hours` hours, and measure it there."""
    config = ["--config", str(folder / "config.yaml")]
    write(folder, before, hours, drawn)
    run = cost([*SIMULATED, *config, "run"])
    published = cost([str(PLENARY), *config, "publish"])
    nothing = cost([str(PLENARY), *config, "run"])
    sizes = _sizes(folder)
    found = _apart(folder / "data" / "public" / "archive.db")
    write(folder, hours, hours + 1, drawn)
    more = cost([*SIMULATED, "--each", *config, "run"])
    return {
        "hours": hours,
        "run_cpu_s_per_new_hour": round(run.cpu_s / (hours - before), 2),
        "run_peak_mb": run.peak_mb,
        "publish": asdict(published),
        "nothing_due": asdict(nothing),
        "one_more_hour": asdict(more),
        "search_cpu_ms": found,
        **sizes,
    }


def _sizes(folder: Path) -> dict[str, object]:
    data = folder / "data"
    work = data / "work.db"
    with closing(sqlite3.connect(work)) as db:
        ledger = db.execute(
            "SELECT step, COUNT(*), SUM(LENGTH(result) + LENGTH(options)) / 1000000 FROM steps"
            " GROUP BY step ORDER BY step"
        ).fetchall()
    return {
        "work_mb": work.stat().st_size // 1_000_000,
        "public_mb": (data / "public" / "archive.db").resolve().stat().st_size // 1_000_000,
        "ledger": [f"{step}: {count} rows, {mb} MB" for step, count, mb in ledger],
    }


def repeat(folder: Path, hours: int, times: int) -> dict[str, object]:
    """Lay the rows of an archive several times into a new work.db; publish and search it."""
    again = folder / f"times-{times}"
    again.mkdir()
    work = again / "work.db"
    with closing(sqlite3.connect(folder / "data" / "work.db")) as db:
        db.execute("VACUUM INTO ?", [str(work)])
    with closing(sqlite3.connect(work)) as db:
        db.execute("ATTACH ? AS one", [str(folder / "data" / "work.db")])
        for number in range(1, times):
            _lay(db, number)
            db.commit()
    code = PUBLISH.format(work=str(work), public=str(again / "public"))
    published = cost([sys.executable, "-c", code])
    public = (again / "public" / "archive.db").resolve()
    found = {
        "hours": hours * times,
        "repeated": times,
        "publish": asdict(published),
        "search_cpu_ms": _apart(public),
        "work_mb": work.stat().st_size // 1_000_000,
        "public_mb": public.stat().st_size // 1_000_000,
    }
    shutil.rmtree(again)
    return found


def _lay(db: sqlite3.Connection, number: int) -> None:
    """Copy every row of the archive once more, under ids that begin with the number of the copy."""
    for table, ids in OF_EVENT.items():
        columns = [row[1] for row in db.execute(f"PRAGMA one.table_info({table})")]
        if table == "passages":
            columns.remove("id")
        taken = {c: f'"{c}"' for c in columns} | {c: f"'{number}-' || {c}" for c in ids}
        if count := NUMBERS.get(table):
            owner = "turns" if table == "passages" else table
            (most,) = db.execute(f"SELECT MAX(id) FROM one.{owner}").fetchone()  # noqa: S608
            taken[count] = f"{count} + {number * most}"
        named = ", ".join(f'"{c}"' for c in columns)
        values = ", ".join(taken.values())
        db.execute(f"INSERT INTO main.{table} ({named}) SELECT {values} FROM one.{table}")  # noqa: S608


def _apart(public: Path) -> dict[str, float]:
    """Search in a process of its own, so that this one stays small: children begin as large."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(searched, [public])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--drawn", type=int)
    parser.add_argument("--repeated", type=int, nargs="*", default=[])
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        before = 0
        for hours in given.hours:
            drawn = given.drawn or PER_EVENT * (max(given.hours) // PER_EVENT + 1)
            print(json.dumps(grow(folder, before, hours, drawn)), flush=True)
            before = hours + 1
        for times in given.repeated:
            print(json.dumps(repeat(folder, before, times)), flush=True)


if __name__ == "__main__":
    main()
