"""The verbs that use what is published: serve it, search it, write it out, measure it."""

from __future__ import annotations

import shlex
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.errors import ArchiveFault
from archive.wording import say, spoken

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from pipeline.config import Settings

FORMATS = ("rttm", "vtt", "srt", "txt", "json", "csv", "tei")


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8001, show_default=True)
@click.pass_obj
def serve(config: Path, port: int) -> None:
    """Serve the published archive on this machine, at http://127.0.0.1:8001.

    \b
    Example: plenary serve --port 8080
    """
    from archive.site.serve import serve as serve_site
    from archive.site.settings import SiteSettings

    settings = _load(config)
    site = settings.site
    serve_site(
        settings.data / "public" / "archive.db",
        settings.data / "media",
        port=port,
        site=SiteSettings(
            title=site.title,
            language=site.language,
            url=site.url or "",
            contact=site.contact or "",
            open_data=site.open_data,
        ),
        ready=lambda address: click.echo(
            say("The archive is at {address} (Ctrl-C ends it)", address=address)
        ),
    )


@click.command()
@click.argument("text", default="")
@click.option("--person", help="Only what this person said (an id of the programme).")
@click.option("--organisation", help="Only who spoke for this organisation.")
@click.option("--event", help="Only at this event.")
@click.option("--series", help="Only at events of this series.")
@click.option("--year", help="Only in this year.")
@click.option("--kind", help="Only in sessions of this kind, such as round-table.")
@click.option("--origin", help="Only under names of this origin, such as confirmed.")
@click.option("--recording", help="Only in this recording.")
@click.option(
    "--order", type=click.Choice(("relevance", "date")), default="relevance", show_default=True
)
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def search(ctx: click.Context, /, *, as_json: bool, **asked: Any) -> None:
    """Search as a visitor does: accents, plurals and elisions do not matter.

    "In quotes" words stand exactly so; coop* is a beginning. Under the passages stand the
    options that would narrow them, with their values and how many passages would stay. Ends
    with 0 where passages were found, with 1 where none was.

    \b
    Examples: plenary search "monnaies locales" --year 2025
              plenary search '"économie sociale"' --order date
    """
    from archive import search as searching
    from pipeline import found

    settings = _load(ctx.obj)
    with _published(settings) as db:
        results = searching.search(db, searching.Query(**asked))
    click.echo(found.as_json(results) if as_json else found.as_text(results, spoken()))
    ctx.exit(0 if results.hits else 1)


@click.command()
@click.argument("events", nargs=-1)
@click.option("--format", "format_", type=click.Choice(FORMATS), required=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.pass_obj
def export(config: Path, events: Sequence[str], format_: str, out: Path) -> None:
    """Write each public session as OUT/<event>/<session>.<ext>.

    With csv come OUT/<event>.speaking-time.csv and OUT/<event>.originals.csv; beside srt and
    rttm stands <session>.about.txt, which says where they come from. All is in docs/exports.md.

    \b
    Examples: plenary export --format vtt --out captions
              plenary export --format csv --out tables 2017-03-28-ile-saint-denis
    """
    from archive.export import write_all

    with _published(_load(config)) as db:
        written = write_all(db, format_, list(events), out)
    click.echo(say("{count} sessions written to {folder}", count=len(written), folder=out))


@click.command()
@click.option(
    "--reference",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Holds <event>/<session>.txt and .rttm.",
)
@click.option("--sample", type=click.IntRange(1), help="Draw so many stretches at random.")
@click.option(
    "--sheet", type=click.Path(path_type=Path), default="control-sample.csv", help="Its sheet."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def evaluate(
    config: Path, reference: Path | None, sample: int | None, sheet: Path, as_json: bool
) -> None:
    """Compare what is published with a reference: words, names, voices.

    A sheet of random stretches, filled in, gives the archive's own accuracy.

    \b
    Examples: plenary evaluate --reference demo/reference
              plenary evaluate --sample 30
    """
    from pipeline import control
    from pipeline import evaluate as evaluating

    if reference is None and sample is None:
        shares = control.read_sheet(sheet)
        click.echo(control.as_json(shares) if as_json else control.shares_table(shares))
        return
    with _published(settings := _load(config)) as db:
        if sample is not None:
            count = control.write_sample(db, sample, sheet, settings.site.url)
            told = "{count} stretches are in {sheet}: fill in its last two columns, and then"
            click.echo(say(told, count=count, sheet=sheet))
            click.echo(f"plenary evaluate --sheet {shlex.quote(str(sheet))}")
        elif reference is not None:
            scores = evaluating.score_archive(db, reference)
            click.echo(evaluating.as_json(scores) if as_json else evaluating.table(scores))


@contextmanager
def _published(settings: Settings) -> Iterator[sqlite3.Connection]:
    """Open the published file, read-only. Raises ArchiveFault where there is none."""
    import sqlite3

    from archive.publish import check_version, open_published

    path = settings.data / "public" / "archive.db"
    if not path.exists():
        raise ArchiveFault("nothing is published yet", "run `plenary run` first", path=path)
    try:
        check_version(path)
        with closing(open_published(path)) as db:
            yield db
    except sqlite3.Error as error:
        raise ArchiveFault(
            "the published file cannot be read: {reason}",
            "run `plenary publish` to build it again",
            path=path,
            reason=error,
        ) from error


def _load(config: Path) -> Settings:
    from pipeline.config import load_settings

    return load_settings(config)


VERBS = (evaluate, export, search, serve)
"""What `pipeline.cli` adds to the command."""
