"""The verbs that look after an archive: how it stands, whether it is whole, what it can drop."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.errors import Faults
from archive.wording import Text, look_up, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.collect import Collected
    from pipeline.fixity import Finding, State

_STATES: dict[State, Text] = {
    "unchanged": Text("unchanged"),
    "changed": Text("changed"),
    "missing": Text("missing"),
    "unreadable": Text("unreadable"),
    "absent": Text("absent"),
    "never hashed": Text("never hashed"),
}
_NEXT: dict[State, str] = {
    "changed": "put it back from a copy that is good; `plenary run` would take it for another"
    " capture and hear it anew, which is right where you replaced it on purpose",
    "missing": "put it back, or mend its path in the programme",
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
    help="Check a published file, not the originals.",
)
@click.pass_obj
def verify(config: Path, copy: Path | None, public: Path | None) -> None:
    """Read every original whole and tell whether it is what it was (fixity).

    Captures and transcripts are compared with the SHA-256 recorded when a run took them, those
    verified longest ago first; the outcome goes into the history. A file whose disk is not
    connected is told and is no alarm. Ends with 0 where all is good, with 1 where something
    differs, is missing or cannot be read, with 75 while a run holds the archive.

    \b
    Examples: plenary verify
              plenary verify --copy /media/second-disk
              plenary verify --public data/public/archive.db
    """
    from pipeline import fixity
    from pipeline.config import load_settings
    from pipeline.night import held, refuse_unbegun
    from pipeline.programme import load_events

    if copy is not None and public is not None:
        raise click.UsageError(say("--copy and --public are two checks: ask for one at a time"))
    settings = load_settings(config)
    if public is not None and not (settings.data / "work.db").exists():
        _tell(iter([fixity.check_public(None, public, lambda _bytes: None)]))
        return
    refuse_unbegun(settings)
    with held(settings) as (_, ledger):
        if public is not None:
            _tell(iter([fixity.check_public(ledger, public, lambda _bytes: None)]))
            return
        files = fixity.originals(load_events(settings.events))
        if copy is not None:
            total = fixity.bytes_recorded(ledger, files)
            _watch(total, lambda told: fixity.check_copy(ledger, files, copy, told))
        else:
            total = fixity.bytes_of(files)
            _watch(total, lambda told: fixity.check_originals(ledger, files, told))


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
