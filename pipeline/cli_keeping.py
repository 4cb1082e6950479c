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
from archive.wording import Text, look_up, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archive.provenance import Origin
    from pipeline.collect import Collected
    from pipeline.fixity import Finding, State

_STATES: dict[State, Text] = {
    "unchanged": Text("unchanged"),
    "changed": Text("changed"),
    "missing": Text("missing"),
    "unreadable": Text("unreadable"),
    "absent": Text("absent"),
    "never hashed": Text("never hashed"),
    "unproven": Text("unproven"),
}
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
        click.echo(double.told())
    assert found.settings is not None
    assert found.estimate is not None
    click.echo(found.estimate.told())
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
        raise click.UsageError(say("--copy and --public are two checks: ask for one at a time"))
    if passage is not None and public is None:
        raise click.UsageError(say("--passage asks a published file: name it with --public"))
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
    click.echo(say("no record of its publication is here: its name alone tells what it was"))
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


_ORIGINS = {
    "automatic": Text("automatic"),
    "confirmed": Text("confirmed"),
    "corrected": Text("corrected"),
}


def _origin(origin: Origin) -> Iterator[str]:
    from archive.chain import SIDECAR
    from archive.provenance import told_once
    from pipeline.progress import clock

    who = say("nobody named")
    if origin.name:
        who = say("{who} (name: {origin})", who=origin.name, origin=_ORIGINS[origin.name_origin])
    yield f"{origin.recording} {clock(origin.start_ms)}–{clock(origin.end_ms)}  {who}"
    words = say("{text} (words: {origin})", text=origin.text, origin=_ORIGINS[origin.text_origin])
    yield f"    {words}"
    for capture in origin.captures:
        at = clock(max(0, origin.start_ms - capture.start_ms))
        size = "" if capture.bytes is None else f", {_size(capture.bytes)}"
        told = say(
            "capture {name} at {at}, {format}", name=capture.name, at=at, format=capture.format
        )
        yield f"  {told}{size}"
        yield f"    sha256 {capture.sha256}"
    for step in told_once(origin.steps):
        tool = f"{step.tool} {step.version}"
        yield say("  {step} by {tool}, {moment}", step=step.step, tool=tool, moment=step.made_at)
        if step.model:
            told = "    model {model}, sha256 {sha256}"
            yield say(told, model=step.model, sha256=step.model_sha256)
        if step.step == SIDECAR:
            yield say("    transcript, sha256 {sha256}", sha256=", ".join(step.inputs))
        yield f"    options {step.options}"
    for correction in origin.corrections:
        told = "  {kind} by a person, {moment}"
        yield say(told, kind=correction.kind, moment=correction.made_at)
        yield f"    {correction.options}"


def _watch(total: int, check: Callable[[Callable[[int], None]], Iterator[Finding]]) -> None:
    """Show how far a check is that reads `total` bytes, then tell what it found."""
    label = say("Reading {size}", size=_size(total))
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
                click.echo(_told(finding))
        states = Counter(finding.state for finding in seen)
        counts = (
            say("{count} {state}", count=count, state=_STATES[state])
            for state, count in states.items()
        )
        click.echo(", ".join(counts) or say("no file"))
        for state in states:
            if state in _NEXT:
                click.echo(f"{look_up(_STATES[state])} → {say(_NEXT[state])}")
    if states.keys() & ALARMING:
        raise click.exceptions.Exit(1)


def _told(finding: Finding) -> str:
    state = _STATES[finding.state]
    if not finding.reason:
        return say("{file}: {state}", file=finding.file, state=state)
    return say("{file}: {state} ({reason})", file=finding.file, state=state, reason=finding.reason)


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

    with click.progressbar(
        length=1000, label=say("Looking at what is used"), file=sys.stderr
    ) as bar:
        found = collecting(
            config,
            dry_run=dry_run,
            progress=lambda done, total: bar.update(round(1000 * done / total) - bar.pos),
        )
        bar.update(1000 - bar.pos)
    _report(found, Text("would be dropped") if dry_run else Text("dropped"))


def _report(found: Collected, verb: Text) -> None:
    if found.unfinished:
        names = ", ".join(found.unfinished[:3]) + (" …" if len(found.unfinished) > 3 else "")
        told = "all is kept of {count} unfinished recordings: {names}"
        click.echo(say(told, count=len(found.unfinished), names=names))
    if found.absent:
        click.echo(say("a disk is absent or a capture unknown: what cannot be told apart is kept"))
    if found.is_empty:
        click.echo(say("nothing to drop: all that is kept is used"))
        return
    results = ", ".join(f"{count} {step}" for step, count in found.results.items()) or say("none")
    told = "results {verb}: {results} ({size})"
    click.echo(say(told, verb=verb, results=results, size=_size(found.result_bytes)))
    told = "files {verb}: {count} ({size})"
    click.echo(say(told, verb=verb, count=len(found.files), size=_size(found.file_bytes)))
    for file in found.files:
        click.echo(f"  {file}")
    if found.rows:
        told = "records of files and recordings that are gone {verb}: {count}"
        click.echo(say(told, verb=verb, count=found.rows))


def _size(count: int) -> str:
    if count >= 1e8:
        return say("{count:.2f} GB", count=count / 1e9)
    return say("{count:.1f} MB", count=count / 1e6)


VERBS = (check, collect, status, verify)
"""What `pipeline.cli` adds to the command."""
