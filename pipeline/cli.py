"""The `plenary` command: words to calls, nothing else."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.errors import ArchiveFault, PlenaryError
from archive.wording import language_of, say, speak
from pipeline import cli_cluster, cli_correct, cli_keeping, cli_public
from pipeline.cli_words import put_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.run import Outcome


class _Plenary(click.Group):
    """A group whose commands answer errors with their sentence and their exit code."""

    def main(self, *args: Any, **options: Any) -> Any:
        speak(language_of(os.environ))
        put_in_words(self)
        return super().main(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PlenaryError as error:
            click.echo(error.shown(), err=True)
            raise click.exceptions.Exit(error.exit_code) from error
        except BrokenPipeError:  # `plenary search … | head`: click ends quietly
            raise
        except OSError as error:
            click.echo(_refused_by_system(error).shown(), err=True)
            raise click.exceptions.Exit(ArchiveFault.exit_code) from error
        except KeyboardInterrupt as error:
            told = say("interrupted; what was done is kept, `plenary run` goes on")
            click.echo(told, err=True)
            raise click.exceptions.Exit(130) from error


def _refused_by_system(error: OSError) -> ArchiveFault:
    """Say what the system refused, and where."""
    return ArchiveFault(
        "the system refused it: {reason}",
        "check that it is where it should be, that it may be written, and the disk's free space",
        path=None if error.filename is None else Path(os.fsdecode(error.filename)),
        reason=error.strerror or error,
    )


@click.group(cls=_Plenary, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default="config.yaml",
    show_default=True,
    help="The archive's configuration.",
)
@click.version_option(package_name="plenary-archive")
@click.pass_context
def main(ctx: click.Context, config: Path) -> None:
    """Turn filmed plenaries into a public memory that can be searched and heard.

    \b
    Example:
      plenary init ~/our-archive && cd ~/our-archive
      plenary check
      plenary run
      plenary serve
    """
    ctx.obj = config
    # A service manager's SIGTERM ends a run as Ctrl-C does: what is done is kept.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


_VERBS = (*cli_cluster.VERBS, *cli_correct.VERBS, *cli_keeping.VERBS, *cli_public.VERBS)
for _verb in _VERBS:
    main.add_command(_verb)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Begin a new archive in FOLDER: a commented config.yaml and an example event.

    \b
    Example: plenary init ~/our-archive
    """
    from pipeline.start import init as begin

    begin(folder)
    told = say(
        "Made {folder}. Next:\n"
        "  1. put your captures beside the example in {events}\n"
        "  2. say who speaks in its programme.yaml\n"
        "  3. cd {folder}, then: plenary fetch-models, plenary check, plenary run",
        folder=folder,
        events=folder / "events",
    )
    click.echo(told)
    if shutil.which("plenary") is None:
        activate = shlex.quote(str(Path(sys.prefix) / "bin" / "activate"))
        click.echo(say("     (for `plenary` to be found: source {activate})", activate=activate))


@main.command("fetch-models")
@click.pass_obj
def fetch_models(config: Path) -> None:
    """Fetch the configured models, once; `run` then needs no network.

    \b
    Example: plenary fetch-models
    """
    from pipeline.config import load_settings
    from pipeline.models import fetch_model

    settings = load_settings(config)
    model = settings.transcription.model
    label = say("Fetching {model}", model=model)
    with click.progressbar(length=1000, label=label, file=sys.stderr) as bar:
        folder = fetch_model(
            model, settings.data, lambda done: bar.update(round(done * 1000) - bar.pos)
        )
    click.echo(say("The model is in {folder}", folder=folder))
    if settings.voices.model != "embedded":
        from pipeline.neural import fetch_voice_model

        place = fetch_voice_model(settings.voices.model, settings.data)
        click.echo(say("The voice model is in {folder}", folder=place.parent))


@main.command()
@click.argument("events", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Say what is due and do nothing.")
@click.option("--until", metavar="HH:MM", help="Begin nothing new after this time of day.")
@click.pass_obj
def run(config: Path, events: Sequence[str], dry_run: bool, until: str | None) -> None:
    """Do whatever is due, and only that: all events, or the EVENTs named.

    Ends with 0 (at the hour of --until too), with 1 where recordings failed, 75 where
    another run holds the archive.
    It may be interrupted at any time: what is done is kept.

    \b
    Examples: plenary run
              plenary run 2025-03-14-rivemont --until 07:00
    """
    from pipeline.night import Request, due_in, run_archive
    from pipeline.progress import Progress

    request = Request(config, tuple(events), None if until is None else _next(until))
    if dry_run:
        waiting = due_in(request)
        for name, step in waiting.items():
            click.echo(say("{name}  due from the step {step}", name=name, step=step))
        click.echo(say("{count} recordings are due", count=len(waiting)))
        return
    began = time.monotonic()
    outcome = run_archive(request, Progress(sys.stderr))
    _report(outcome, time.monotonic() - began)
    if outcome.failed:
        raise click.exceptions.Exit(1)


def _report(outcome: Outcome, took_s: float) -> None:
    """Say in the morning what the night did, and what it could not do."""
    from pipeline.progress import clock

    told = say(
        "{heard} recordings heard, {pictured} web copies made, {failed} failed, in {took}",
        heard=len(outcome.heard),
        pictured=len(outcome.pictured),
        failed=len(outcome.failed),
        took=clock(took_s * 1000),
    )
    click.echo(told)
    if outcome.heard:
        click.echo(say("{length} of sound was heard", length=clock(outcome.sound_ms)))
    for name, ms in outcome.missing.items():
        missing = "{name}: {length} of sound is missing from its captures"
        click.echo(say(missing, name=name, length=clock(ms)))
    for name, error in outcome.failed.items():
        click.echo(say("{name}: {fault}", name=name, fault=error.shown()))
    for fault in outcome.unmet:
        click.echo(say("not corrected: {fault}", fault=fault.shown()))
    for question in outcome.questions:
        click.echo(question)
    if outcome.published is not None:
        click.echo(say("published: {file}", file=outcome.published.path))
    if outcome.stopped is not None:
        click.echo(outcome.stopped.shown())


def _next(time_of_day: str) -> datetime:
    """Return the next moment that a clock on this machine shows `time_of_day`."""
    try:
        wanted = datetime.strptime(time_of_day, "%H:%M").time()  # noqa: DTZ007 (a time of day)
    except ValueError as error:
        told = say("{time!r} is no time of day such as 07:00", time=time_of_day)
        raise click.BadParameter(told) from error
    now = datetime.now().astimezone()
    moment = now.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
    return (moment if moment > now else moment + timedelta(days=1)).astimezone(UTC)


@main.command()
@click.option("--rollback", is_flag=True, help="Go back to the file published before.")
@click.pass_obj
def publish(config: Path, rollback: bool) -> None:
    """Build and check a new public file (`run` does it after each recording).

    \b
    Examples: plenary publish
              plenary publish --rollback
    """
    from archive import publish as publishing
    from pipeline.config import load_settings
    from pipeline.night import held, refuse_unbegun
    from pipeline.publication import publish_now
    from pipeline.run import holding

    settings = load_settings(config)
    public = settings.data / "public"
    if rollback:
        with holding(settings.data):
            click.echo(say("published: {file}", file=publishing.rollback(public)))
        return
    refuse_unbegun(settings)
    with held(settings) as (store, ledger):
        click.echo(say("published: {file}", file=publish_now(settings, store, ledger).path))
