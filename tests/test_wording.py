"""The command speaks French where the locale does: one catalogue, whole and well set."""

from __future__ import annotations

import json
import os
import re
import subprocess
from string import Formatter
from typing import TYPE_CHECKING

import pytest
from conftest import PLENARY, archive_of
from said import printed_in_verbs, said_by_click, said_in_code, said_in_help

from archive.errors import ArchiveFault, Faults, retold
from archive.wording import CATALOGUE, Text, language_of, say, speak
from pipeline.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Archive

FRENCH: dict[str, str] = json.loads(CATALOGUE.read_text("utf-8"))


@pytest.fixture
def in_french() -> Iterator[None]:
    """Speak French during a test."""
    speak("fr")
    yield
    speak("en")


def spoken(locale: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command under a locale."""
    return subprocess.run(
        [PLENARY, *words],
        env={**os.environ, "LC_ALL": locale, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _said() -> dict[str, str]:
    """Return every text that the command shows, and where it stands."""
    return {**dict(said_in_help(main)), **said_in_code().texts}


def test_the_catalogue_can_see_every_text() -> None:
    """A text to be shown is written whole in the code; facts stand in {braces}, not in f-strings.

    Else nobody could know that its French is missing.
    """
    unreadable = said_in_code().unreadable
    assert not unreadable, (
        "write these texts as plain strings with {facts}, given beside them"
        " (a Text where the fact is a text itself):\n" + "\n".join(unreadable)
    )


def test_nothing_is_printed_past_the_catalogue() -> None:
    """The verbs print what `say` returns, names, numbers and commands to type; no English."""
    past = printed_in_verbs()
    assert not past, "print these through `say`:\n" + "\n".join(past)


def test_every_text_has_its_french() -> None:
    """What an archivist may read in English she may read in French."""
    missing = {text: place for text, place in _said().items() if text not in FRENCH}
    lines = [f"  {json.dumps(text, ensure_ascii=False)}: …   ({missing[text]})" for text in missing]
    assert not missing, "add the French of these to archive/fr.json:\n" + "\n".join(lines)


def test_no_french_is_left_over() -> None:
    """An entry whose English text has changed or gone is seen."""
    left = FRENCH.keys() - _said().keys() - said_by_click()
    lines = [f"  {json.dumps(text, ensure_ascii=False)}" for text in sorted(left)]
    assert not left, "no code says these any more: delete or rename them in archive/fr.json:\n" + (
        "\n".join(lines)
    )


def _facts(text: str) -> list[tuple[str, str]]:
    """Return the facts of a format string, each with its format."""
    parts = Formatter().parse(text)
    return sorted((name, form or "") for _, name, form, _ in parts if name is not None)


def test_both_languages_tell_the_same_facts() -> None:
    """No translation drops a number, a name or a file, or asks for one that is not given."""
    wrong = [
        f"  {english!r}: {_facts(english)} and {_facts(french)}"
        for english, french in FRENCH.items()
        if {*_facts(english)} != {*_facts(french)}
    ]
    assert not wrong, "give these the same {facts} in archive/fr.json:\n" + "\n".join(wrong)


def test_the_french_is_well_set() -> None:
    """Apostrophes are curved, and what French sets apart cannot be parted by a line's end.

    Code between back-ticks, and examples to type, stay as the machine wants them.
    """
    wrong = []
    for french in FRENCH.values():
        prose = re.sub(r"`[^`]*`|{[^}]*}", "``", french.partition("\b")[0])
        if re.search(r"'(?=\w)(?<=\w')| [:;?!»%]|« |\w[;?!]", prose):
            wrong.append(f"  {french}")
    assert not wrong, (
        "set no-break spaces (U+00A0 before :, » and %, after «; U+202F before ;, ? and !)"
        " and ’ in archive/fr.json:\n" + "\n".join(wrong)
    )


def test_the_catalogue_is_sorted() -> None:
    """Two people who add entries rarely touch the same line."""
    assert list(FRENCH) == sorted(FRENCH), "sort archive/fr.json by its English texts"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr"}, "fr"),
        ({"LANG": "fr.UTF-8"}, "fr"),
        ({"LANG": "fr@euro"}, "fr"),
        ({"LANG": "frp_FR.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "fr_CA.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "", "LC_MESSAGES": ""}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_CTYPE": "de_DE.UTF-8"}, "fr"),
    ],
)
def test_the_locale_decides(environment: dict[str, str], language: str) -> None:
    """LC_ALL goes before LC_MESSAGES and that before LANG; an empty one is as if absent."""
    assert language_of(environment) == language


@pytest.mark.usefixtures("in_french")
def test_errors_are_french_only_where_they_are_shown() -> None:
    """What the ledger keeps of an error, and what a worker tells of it, stays English."""
    fault = ArchiveFault(
        "no public {kind} has the id {identifier}",
        "run `plenary run` first",
        lead="{file}: ",
        file="a.yaml",
        kind=Text("session"),
        identifier="matin",
    )
    english = "a.yaml: no public session has the id matin\n  → run `plenary run` first"
    french = (
        "a.yaml\u00a0: rien de public n’a l’identifiant matin (séance)\n"
        "  → lancez d’abord `plenary run`"
    )
    assert str(fault) == english
    assert fault.shown() == french
    assert Faults([fault, fault]).shown() == f"{french}\n{french}"
    assert str(retold(json.loads(json.dumps(fault.told())))) == english


@pytest.mark.usefixtures("in_french")
def test_numbers_are_french() -> None:
    """A decimal number has a comma; an id, a file's name or a version keeps its point."""
    assert say("{count:.2f} GB", count=1.25) == "1,25\u00a0Go"
    assert say("{file}: {state}", file="a.db", state=Text("changed")) == "a.db\u00a0: modifié"


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Return an archive of one event, whose only capture is empty."""
    folder = tmp_path_factory.mktemp("damaged")
    event = folder / "events" / "2025-05-05-essai"
    event.mkdir(parents=True)
    (event / "matin.mp4").touch()
    (event / "matin.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nBonjour.\n", "utf-8")
    (event / "programme.yaml").write_text(
        "event:\n  id: 2025-05-05-essai\n  title: Essai\n  date: 2025-05-05\n"
        "sessions:\n  - id: matin\n    title: Matin\n    captures: [matin.mp4]\n"
        "    transcripts: [matin.srt]\n",
        "utf-8",
    )
    return archive_of(folder, folder / "events")


def test_an_archivist_reads_french(damaged: Archive) -> None:
    """Help, a wrong option, what is wrong before a night, its report, and where things stand."""
    french = "fr_FR.UTF-8"
    told = spoken(french, "run", "--help").stdout
    assert told.startswith("Usage\u00a0: plenary run")
    assert "Fait tout ce qui est à faire" in told
    assert "Dit ce qui est à faire et ne fait rien." in told
    assert "Affiche ce message et s’arrête." in told
    assert "n’existe pas" in spoken(french, "run", "--nothing").stderr

    config = ("--config", damaged.config)
    found = spoken(french, *config, "check")
    assert found.returncode == 2
    assert "programme.yaml:8: " in found.stderr
    assert "il est vide (0 octet)" in found.stderr
    assert "→ recopiez-le de la carte de la caméra" in found.stderr

    done = spoken(french, *config, "run")
    assert done.returncode == 1
    assert "enregistrements transcrits\u00a0: 0" in done.stdout
    assert "échecs\u00a0: 1" in done.stdout
    assert "il est vide" in done.stdout
    assert "échec" in done.stderr

    stands = spoken(french, *config, "status").stdout
    assert "enregistrement" in stands
    assert "il est vide (0 octet)\n      → recopiez-le" in stands
    assert "`plenary run` reprend ce qui attend ou a échoué." in stands
    (kept,) = json.loads(spoken(french, *config, "status", "--json").stdout)
    assert kept["status"] == "failed"
    assert "it is empty (0 bytes)" in kept["failure"]


def test_elsewhere_she_reads_english(damaged: Archive) -> None:
    """Under the C locale, whatever LANG says, nothing is French."""
    assert "Do whatever is due" in spoken("C", "run", "--help").stdout
    found = spoken("C", "--config", damaged.config, "check")
    assert "it is empty (0 bytes)\n  → copy it again from the camera's card" in found.stderr
