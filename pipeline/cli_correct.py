"""`plenary correct`: what people put right, and what they take away."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Any

import click

from archive.wording import say

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from contextlib import AbstractContextManager
    from pathlib import Path

    from archive.corrections.desk import Reach
    from archive.corrections.model import Correction, Wish
    from archive.corrections.place import Place
    from archive.corrections.wishes import Mention
    from pipeline.correcting import Elsewhere, Workplace


def _signed(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say who corrects, and why."""
    by = click.option("--by", metavar="NAME", default=getpass.getuser, help="Who corrects.")
    why = click.option("--why", metavar="TEXT", default="", help="Why; kept with it.")
    return by(why(command))


def _reach(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how far a name or a confirmation reaches."""
    voice = click.option(
        "--voice", "reach", flag_value="voice", help="All turns of that voice in the recording."
    )
    session = click.option(
        "--session", "reach", flag_value="session", help="The whole session around it."
    )
    turn = click.option("--turn", "reach", flag_value="turn", default="turn", hidden=True)
    return turn(voice(session(command)))


@click.group()
def correct() -> None:
    """Put right what the machine found, or take something away, for good.

    A PLACE is a link copied from the site (…?t=754.2,790.1), or a recording and times:
    "2025-03-14-rivemont/journee 12:34–13:10". Corrections hold whatever is run later: another
    model, another split. They also stand in a corrections.yaml beside the programme.

    \b
    Examples: plenary correct speaker "…/journee?t=754.2" ana-exemple
              plenary correct replace "pétécé" PTCE
              plenary correct list
    """


@correct.command()
@click.argument("place")
@click.argument("person")
@_reach
@click.option("--name", help="The name of somebody whom no programme gives; PERSON is a new id.")
@click.option("--role", help="With --name: what that person was at the event.")
@click.option("--organisation", help="With --role: for whom, an id of the programme.")
@_signed
@click.pass_obj
def speaker(
    config: Path,
    place: str,
    person: str,
    reach: Reach,
    name: str | None,
    role: str | None,
    organisation: str | None,
    by: str,
    why: str,
) -> None:
    """Say who speaks at PLACE: PERSON is an id of the programme, or `unknown`.

    The next run looks for the same voice in that recording.

    \b
    Examples: plenary correct speaker "…/journee?t=754.2" ana-exemple
              plenary correct speaker "…/journee 12:34" bo-essai --name "Bo Essai"
              plenary correct speaker "…/journee 12:34–13:10" unknown --voice
    """
    newcomer = _newcomer(person, name, role, organisation)
    with _workplace(config, by, why) as at:
        found = at.desk.name_speaker(_place(at, place), person, reach, newcomer)
        told = say(
            "{who} speaks there (stretches: {count})",
            who=name or person,
            count=len(found.stretches),
        )
        _told(at, found, told)
    click.echo(say("`plenary run` will look for the same voice in the rest of the recording"))


def _newcomer(
    person: str, name: str | None, role: str | None, organisation: str | None
) -> dict[str, str]:
    from archive.corrections.desk import UNKNOWN
    from archive.corrections.entries import newcomer

    if (role or organisation) and not name:
        raise click.UsageError(say("--role and --organisation belong to a --name"))
    if name and person == UNKNOWN:
        raise click.UsageError(say("somebody with a --name needs an id of her own, not `unknown`"))
    return newcomer(name, role, organisation) if name else {}


@correct.command()
@click.argument("place")
@click.argument("words")
@_signed
@click.pass_obj
def text(config: Path, place: str, words: str, by: str, why: str) -> None:
    """Write WORDS in the place of what stands at PLACE; none at all where nobody spoke.

    A link with two times means the words between; with one, the whole passage.

    \b
    Example: plenary correct text "…/journee?t=754.2,756" "le PTCE de Rivemont"
    """
    with _workplace(config, by, why) as at:
        found = at.desk.write_text(_place(at, place), words)
        _told(at, found, say("was: {was}\nis:  {now}", was=found.stretches[0].heard, now=words))


@correct.command()
@click.argument("place")
@click.option("--words", is_flag=True, help="Confirm what was said, not who said it.")
@_reach
@_signed
@click.pass_obj
def confirm(config: Path, place: str, words: bool, reach: Reach, by: str, why: str) -> None:
    """Confirm the name that stands at PLACE, after listening; with --words, its words.

    A confirmed name tells the next run what that voice sounds like.

    \b
    Examples: plenary correct confirm "…/journee?t=754.2"
              plenary correct confirm "…/journee 12:34" --session
              plenary correct confirm "…/journee?t=754.2,790" --words
    """
    with _workplace(config, by, why) as at:
        if words:
            found = at.desk.confirm_words(_place(at, place), reach)
            told = "the words are confirmed (passages: {count})"
            _told(at, found, say(told, count=len(found.stretches)))
        else:
            found = at.desk.confirm_names(_place(at, place), reach)
            told = "the name is confirmed (turns: {count})"
            _told(at, found, say(told, count=len(found.stretches)))


@correct.command()
@click.argument("wrong")
@click.argument("right")
@click.option("--in", "within", default="", metavar="ID", help="Only in an event, or a session.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_signed
@click.pass_obj
def replace(
    config: Path, wrong: str, right: str, within: str, yes: bool, by: str, why: str
) -> None:
    """Write RIGHT wherever WRONG stands: each is shown first, and one `undo` takes all back.

    \b
    Example: plenary correct replace "pétécé" PTCE --in 2025-03-14-rivemont
    """
    from archive.corrections.preview import spelled

    with _workplace(config, by, why) as at:
        found = spelled(at.store.db.conn, wrong, right, within)
        for quote in found:
            click.echo(f"  {quote}")
        if not found:
            told = "{wrong} stands nowhere in {within}" if within else "{wrong} stands nowhere"
            click.echo(say(told, wrong=wrong, within=within))
            return
        if not yes:
            question = say("Write {right} in {count} places?", right=right, count=len(found))
            click.confirm(question, abort=True)
        made = at.desk.mend_spelling(wrong, right, within)
        told = "{count} places say {right} now, and so will later transcripts"
        _told(at, made, say(told, count=len(found), right=right))


@correct.command()
@click.argument("place", required=False)
@click.option("--unname", metavar="PERSON", help="Her name goes, her words stay.")
@click.option("--person", metavar="PERSON", help="Her name and all that she said go.")
@click.option("--erase", is_flag=True, help="From the working database too; cannot be undone.")
@click.option(
    "--said-by-others",
    type=click.Choice(("ask", "keep", "blank")),
    default="ask",
    show_default=True,
    help="The name where other people say it, or she herself in words that stay.",
)
@click.option("--yes", is_flag=True, help="Do not ask whether to go on.")
@_signed
@click.pass_obj
def withdraw(
    config: Path,
    place: str | None,
    unname: str | None,
    person: str | None,
    erase: bool,
    said_by_others: str,
    yes: bool,
    by: str,
    why: str,
) -> None:
    """Take away what is said at PLACE, a person's name, or all that she said.

    It leaves the public file and the published files before it, the search, the exports and the
    web copy's sound; a dated note that names nobody stands in its place. No later run brings it
    back. Originals are never changed: those that hold it are named at the end.

    \b
    Examples: plenary correct withdraw "…/journee?t=754.2,790.1"
              plenary correct withdraw --unname bo-exemple
              plenary correct withdraw --person bo-exemple --erase
    """
    if sum(given is not None for given in (place, unname, person)) != 1:
        raise click.UsageError(say("say one thing: a PLACE, --unname PERSON or --person PERSON"))
    if unname and erase:
        raise click.UsageError(say("--erase takes words away, and --unname keeps them"))
    if erase and not yes:
        click.confirm(say("Erased words cannot be put back. Erase?"), abort=True)
    with _workplace(config, by, why) as at:
        if place is not None:
            made = at.desk.withdraw(_place(at, place), erased=erase)
            recordings = {str(made.recording)}
        else:
            wish: Wish = "no-name" if unname else "nothing"
            recordings = _withdraw_person(at, str(unname or person), wish, erase, said_by_others)
        left = at.take_away(recordings)
    _tell_left(left, recordings)


def _withdraw_person(at: Workplace, person: str, wish: Wish, erase: bool, others: str) -> set[str]:
    """Record a person's wish and what becomes of her name where it is said; return where."""
    spoken = at.spoken_by(person)
    answers = {mention: _is_blanked(mention, others) for mention in at.mentions(person, wish)}
    kept = [mention for mention, blanked in answers.items() if blanked is False]
    # What she said is withdrawn as sound, too: a later run may take her voice for nobody's.
    gone = [(r, spans, erase) for r, spans in spoken.items() if wish == "nothing"]
    gone += [(m.recording, [(m.start_ms, m.end_ms)], False) for m, yes in answers.items() if yes]
    with at.store.db.atomic():
        made = [at.desk.withdraw_person(person, wish, kept)]
        made += [at.desk.withdraw_stretches(r, spans, erased=erased) for r, spans, erased in gone]
    numbers = ", ".join(str(correction.id) for correction in made)
    click.echo(say("corrections {numbers}: each is undone by itself", numbers=numbers))
    return {*spoken, *(recording for recording, *_ in gone)}


def _is_blanked(mention: Mention, others: str) -> bool | None:
    """Show a place where the name is said, and ask; None: nobody is here to decide."""
    from archive.export.clock import clock

    click.echo(f"{mention.recording} {clock(mention.start_ms)}  « {mention.quote} »")
    if others != "ask":
        return others == "blank"
    if not sys.stdin.isatty():
        told = "  kept until somebody decides: `plenary correct list` goes on telling it"
        click.echo(say(told))
        return None
    return click.confirm(say("  Take these words away too?"), default=False)


def _tell_left(left: Elsewhere, recordings: Collection[str]) -> None:
    """Say what is still online or kept, and what to do about it."""
    names = ", ".join(sorted(recordings)) or say("no recording")
    click.echo(say("withdrawn, and published so: {names}", names=names))
    if left.earlier:
        told = "earlier published files deleted: {count}; rollback stops here"
        click.echo(say(told, count=left.earlier))
    for name in left.copies:
        told = "{name}: its web copy was taken away; `plenary run` makes it again without"
        click.echo(say(told, name=name))
    for name, address in left.hosted:
        told = (
            "{name}: still online at {address}. Its sound cannot be muted from here: playing is"
            " refused there on the site; ask its host to cut it"
        )
        click.echo(say(told, name=name, address=address))
    for name in left.addresses:
        told = "{name}: the name stands in this id, and so in addresses; give it another id"
        click.echo(say(told, name=name))
    if left.captures:
        click.echo(say("originals that hold it, to keep or to delete:"))
        for capture in left.captures:
            click.echo(f"  {capture}")
    told = (
        "transcripts made elsewhere, corrections.yaml, and what you exported, copied or backed up"
        " before are still as they were: delete it there"
    )
    click.echo(say(told))


@correct.command()
@click.argument("place")
@_signed
@click.pass_obj
def restore(config: Path, place: str, by: str, why: str) -> None:
    """Put back words that were withheld at PLACE: somebody listened, and they were said.

    \b
    Example: plenary correct restore "…/journee 1:02:10–1:02:20"
    """
    with _workplace(config, by, why) as at:
        found = at.desk.restore(_place(at, place))
        for stretch in found.stretches:
            click.echo(f"  {stretch.heard}")
        told = "the words are back (stretches: {count})"
        _told(at, found, say(told, count=len(found.stretches)))


@correct.command("list")
@click.option("--all", "undone", is_flag=True, help="Those undone, too.")
@click.pass_obj
def list_(config: Path, undone: bool) -> None:
    """List what was corrected: number, what, where, by whom, and whether it still holds.

    One whose ground has moved beyond recognition changes nothing until somebody looks: undo it,
    and make it anew where it belongs.

    \b
    Example: plenary correct list
    """
    from archive.corrections.report import open_questions, reported

    with _workplace(config, "", "") as at:
        for line in reported(at.store.db.conn, undone=undone):
            click.echo(line)
        for line in open_questions(at.store.db.conn):
            click.echo(line)


@correct.command()
@click.argument("number", type=int)
@_signed
@click.pass_obj
def undo(config: Path, number: int, by: str, why: str) -> None:
    """Undo correction NUMBER of `plenary correct list`, whole. It stays on record.

    \b
    Example: plenary correct undo 12
    """
    with _workplace(config, by, why) as at:
        undone = at.desk.undo(number)
        _told(at, undone, say("correction {number} is undone", number=number))
    if undone.source:
        told = "{file} still says it: delete it there, or the next run makes it again"
        click.echo(say(told, file=undone.source.partition(" ")[0]))


def _workplace(config: Path, by: str, why: str) -> AbstractContextManager[Workplace]:
    from archive.corrections.desk import Author
    from pipeline.correcting import workplace

    return workplace(config, Author(by, why))


def _place(at: Workplace, text: str) -> Place:
    from archive.corrections.place import read_place

    return read_place(at.store.db.conn, text)


def _told(at: Workplace, correction: Correction, what: str) -> None:
    """Say what was done, under which number, and where it is shown."""
    click.echo(what)
    click.echo(say("correction {number} (`plenary correct undo {number}`)", number=correction.id))
    click.echo(say("published: {file}", file=at.publish().path))


VERBS = (correct,)
"""What `pipeline.cli` adds to the command."""
