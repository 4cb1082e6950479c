"""The verbs that look after an archive: how it stands, whether it is whole, what it can drop."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.errors import ArchiveFault, Faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archive.provenance import Origin
    from pipeline.collect import Collected
    from pipeline.fixity import Finding, State

_NEXT: dict[State, str] = {
    "changed": "put it back from a copy that is good; `plenary run` would take it for another"
    " capture and hear it anew, which is right where you replaced it on purpose",
    "missing": "put it back, or mend its path in the programme",
    "unproven": "`plenary run` writes anew what leads from words to captures; a file of another"
    " archive must come from there again, under the name that it was published with",
    "unreadable": "its disk may be failing: copy what can be copied, put the rest back",
}


@click.command()
@click.option(
    "--night",
    type=click.FloatRange(min=0, min_open=True),
    metavar="HOURS",
    default=8,
    show_default=True,
    help="How long the machine may work in one night.",
)
@click.pass_obj
def check(config: Path, night: float) -> None:
    """Look at everything before a night's work: files, captures, disk, model.

    Every problem is reported at once; nothing is written. Then a minute of the archive's own
    speech is recognised as a run would do it, to tell how many nights the rest takes.

    \b
    Examples: plenary check
              plenary check --night 10
    """
    from pipeline.check import check as look
    from pipeline.trial import try_model

    found = look(config)
    if found.faults or found.capture_faults:
        raise Faults((*found.faults, *found.capture_faults))
    for double in found.doubles:
        click.echo(str(double))
    assert found.settings is not None
    assert found.estimate is not None
    click.echo(str(found.estimate))
    if found.estimate.hours_recognised:
        click.echo(try_model(found.settings, found.events).told(found.estimate, night))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def status(config: Path, as_json: bool) -> None:
    """Tell where each recording stands, what is missing, what failed and what to do.

    \b
    Example: plenary status
    """
    from pipeline.standing import standing, table

    found = standing(config)
    click.echo(json.dumps([asdict(s) for s in found], indent=2) if as_json else table(found))


@click.command()
@click.option(
    "--copy",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Check a second copy in DIR, not the originals: they need not be connected.",
)
@click.option(
    "--public",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Check a published file, not the originals; no archive of one's own is needed.",
)
@click.option(
    "--passage",
    metavar="LINK",
    help="With --public: tell where the words that a link of the site cites come from.",
)
@click.pass_obj
def verify(config: Path, copy: Path | None, public: Path | None, passage: str | None) -> None:
    """Read every original whole and tell whether it is what it was (fixity).

    Captures and transcripts are compared with the SHA-256 recorded when a run took them, those
    verified longest ago first; the outcome goes into the history. A file whose disk is not
    connected is told and is no alarm. Ends with 0 where all is good, with 1 where something
    differs, is missing or cannot be read, with 75 while a run holds the archive.

    A published file is what it was when it was published, and each of its passages leads back,
    step by step, to the SHA-256 of a capture: what breaks that chain is told.

    \b
    Examples: plenary verify
              plenary verify --copy /media/second-disk
              plenary verify --public data/public/archive.db
              plenary verify --public archive.db --passage "https://…/recordings/…?t=754.2"
    """
    from pipeline import fixity
    from pipeline.config import load_settings
    from pipeline.night import held, refuse_unbegun
    from pipeline.programme import load_events

    if copy is not None and public is not None:
        raise click.UsageError("--copy and --public are two checks: ask for one at a time")
    if passage is not None and public is None:
        raise click.UsageError("--passage asks a published file: name it with --public")
    if public is not None:
        if passage is not None:
            _trace(public, passage)
        _verify_public(config, public)
        return
    settings = load_settings(config)
    refuse_unbegun(settings)
    with held(settings) as (_, ledger):
        files = fixity.originals(load_events(settings.events))
        if copy is not None:
            total = fixity.bytes_recorded(ledger, files)
            _watch(total, lambda told: fixity.check_copy(ledger, files, copy, told))
        else:
            total = fixity.bytes_of(files)
            _watch(total, lambda told: fixity.check_originals(ledger, files, told))


def _verify_public(config: Path, public: Path) -> None:
    """Check a published file with the record of its publication, or without where there is none."""
    from pipeline import fixity
    from pipeline.config import load_settings
    from pipeline.night import held

    settings = load_settings(config) if config.exists() else None
    if settings is not None and (settings.data / "work.db").exists():
        with held(settings) as (_, ledger):
            _tell(fixity.check_public(ledger, public, lambda _bytes: None))
        return
    click.echo("no record of its publication is here: its name alone tells what it was")
    _tell(fixity.check_public(None, public, lambda _bytes: None))


def _trace(public: Path, link: str) -> None:
    """Tell where the words that a link cites come from."""
    import sqlite3

    from archive.corrections.place import read_place
    from archive.provenance import origins
    from archive.publish import open_published

    try:
        with closing(open_published(public)) as db:
            for line in (
                line for origin in origins(db, read_place(db, link)) for line in _origin(origin)
            ):
                click.echo("".join(filter(str.isprintable, line)))
    except sqlite3.Error as error:
        raise ArchiveFault(
            "it is no published file of this version: {reason}",
            "name the file that the link's archive published",
            path=public,
            reason=error,
        ) from error


def _origin(origin: Origin) -> Iterator[str]:
    from archive.chain import SIDECAR
    from archive.provenance import told_once
    from pipeline.progress import clock

    who = f"{origin.name} (name: {origin.name_origin})" if origin.name else "nobody named"
    yield f"{origin.recording} {clock(origin.start_ms)}–{clock(origin.end_ms)}  {who}"
    yield f"    {origin.text} (words: {origin.text_origin})"
    for capture in origin.captures:
        at = clock(max(0, origin.start_ms - capture.start_ms))
        size = "" if capture.bytes is None else f", {_size(capture.bytes)}"
        yield f"  capture {capture.name} at {at}, {capture.format}{size}"
        yield f"    sha256 {capture.sha256}"
    for step in told_once(origin.steps):
        yield f"  {step.step} by {step.tool} {step.version}, {step.made_at}"
        if step.model:
            yield f"    model {step.model}, sha256 {step.model_sha256}"
        if step.step == SIDECAR:
            yield f"    transcript, sha256 {', '.join(step.inputs)}"
        yield f"    options {step.options}"
    for correction in origin.corrections:
        yield f"  {correction.kind} by a person, {correction.made_at}"
        yield f"    {correction.options}"


def _watch(total: int, check: Callable[[Callable[[int], None]], Iterator[Finding]]) -> None:
    """Show how far a check is that reads `total` bytes, then tell what it found."""
    label = f"Reading {_size(total)}"
    with click.progressbar(
        length=max(1, total), label=label, file=sys.stderr, update_min_steps=max(1, total // 1000)
    ) as bar:
        findings = check(bar.update)
        _tell(findings)


def _tell(findings: Iterator[Finding]) -> None:
    """Write what differs and how many files are in which state; exit 1 where something differs.

    Interrupted, it tells what was found so far.
    """
    from pipeline.fixity import ALARMING

    seen: list[Finding] = []
    try:
        seen.extend(findings)
    finally:
        for finding in seen:
            if finding.state != "unchanged":
                click.echo(str(finding))
        states = Counter(finding.state for finding in seen)
        click.echo(", ".join(f"{count} {state}" for state, count in states.items()) or "no file")
        for state in states:
            if state in _NEXT:
                click.echo(f"{state} → {_NEXT[state]}")
    if states.keys() & ALARMING:
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be dropped and drop nothing.")
@click.pass_obj
def collect(config: Path, dry_run: bool) -> None:
    """Drop kept results that nothing uses any more, and say how much that frees.

    What the programmes and the configuration of today use stays, and so does everything that
    was made of a recording that is not finished, or whose disk is absent. It may be interrupted.

    \b
    Examples: plenary collect --dry-run
              plenary collect
    """
    from pipeline.collect import collect as collecting

    with click.progressbar(length=1000, label="Looking at what is used", file=sys.stderr) as bar:
        found = collecting(
            config,
            dry_run=dry_run,
            progress=lambda done, total: bar.update(round(1000 * done / total) - bar.pos),
        )
        bar.update(1000 - bar.pos)
    _report(found, "would be dropped" if dry_run else "dropped")


def _report(found: Collected, verb: str) -> None:
    if found.unfinished:
        names = ", ".join(found.unfinished[:3]) + (" …" if len(found.unfinished) > 3 else "")
        click.echo(f"all is kept of {len(found.unfinished)} unfinished recordings: {names}")
    if found.absent:
        click.echo("a disk is absent or a capture unknown: what cannot be told apart is kept")
    if found.is_empty:
        click.echo("nothing to drop: all that is kept is used")
        return
    results = ", ".join(f"{count} {step}" for step, count in found.results.items()) or "none"
    click.echo(f"results {verb}: {results} ({_size(found.result_bytes)})")
    click.echo(f"files {verb}: {len(found.files)} ({_size(found.file_bytes)})")
    for file in found.files:
        click.echo(f"  {file}")
    if found.rows:
        click.echo(f"records of files and recordings that are gone {verb}: {found.rows}")


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"


VERBS = (check, collect, status, verify)
"""What `pipeline.cli` adds to the command."""
