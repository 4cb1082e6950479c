"""`plenary correct` as an archivist uses it, on a recording whose transcript was made elsewhere."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from shutil import copytree
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from clips import ffmpeg
from conftest import ROOT, Archive
from small_archive import EVENT, edit, programme_of, small_archive

from archive.corrections.desk import Author, Desk
from archive.corrections.place import Place
from archive.site.pages import render
from archive.site.settings import SiteSettings
from archive.store import open_store

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

RECORDING = f"{EVENT}/matin"
PROGRAMME = f"""\
event:
  id: {EVENT}
  title: "Essai"
  date: 2020-01-01
  licence: CC-BY-SA-4.0
people:
  zoe: {{name: "Zoé Exemple"}}
  yann: {{name: "Yann Modèle", also: ["Yan Modelle"]}}
recordings:
  - id: matin
    captures: [matin.wav]
sessions:
  - id: une
    title: "Yann Modèle et les autres"
    recording: matin
    transcripts: [matin.srt]
    chair: [zoe]
    speakers: [yann]
"""
CUES = (
    ("00:00:01,000 --> 00:00:04,000", "Bonjour, la parole tricolore est ouverte."),
    ("00:00:06,000 --> 00:00:10,000", "Nos coquelicots poussent dans la pétécé voisine."),
    ("00:00:12,000 --> 00:00:16,000", "Merci Yan Modelle, vos aubergines sont superbes."),
    ("00:00:18,000 --> 00:00:22,000", "La pétécé du canal ferme ses portes."),
)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Return an archive of one recording of 24 s, heard once; it is copied, never changed."""
    made = small_archive(tmp_path_factory.mktemp("heard"))
    folder = programme_of(made).parent
    programme_of(made).write_text(PROGRAMME, "utf-8")
    speech = ROOT / "demo" / "events" / "2025-03-14-rivemont" / "captures" / "rivemont.mp4"
    ffmpeg("-ss", 30, "-i", speech, "-t", 24, "-vn", "-ac", 1, "-ar", 16_000, folder / "matin.wav")
    cues = (f"{n}\n{time}\n{text}\n" for n, (time, text) in enumerate(CUES, 1))
    folder.joinpath("matin.srt").write_text("\n".join(cues), "utf-8")
    ran(made, "run")
    return made


@pytest.fixture
def archive(heard: Archive, tmp_path: Path) -> Archive:
    """Return a copy of the archive, to be changed."""
    copytree(heard.config.parent, tmp_path / "copy", symlinks=True)
    edit(tmp_path / "copy" / "config.yaml", str(heard.config.parent), str(tmp_path / "copy"))
    return Archive(tmp_path / "copy" / "config.yaml")


def ran(archive: Archive, *words: str) -> str:
    """Run the command, which must succeed; return what it says."""
    done = archive.plenary(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def refused(archive: Archive, *words: str) -> str:
    """Run the command, which must refuse with exit 2; return its error."""
    done: subprocess.CompletedProcess[str] = archive.plenary(*words)
    assert done.returncode == 2, done.stdout
    return done.stderr


def shown(archive: Archive, query: str) -> list[Any]:
    """Ask the published file."""
    public = (archive.data / "public" / "archive.db").resolve()
    with closing(sqlite3.connect(f"{public.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        return db.execute(query).fetchall()


def texts(archive: Archive) -> str:
    return " ".join(row[0] for row in shown(archive, "SELECT text FROM passages ORDER BY id"))


def all_that_is_public(archive: Archive, out: Path) -> bytes:
    """Every byte that leaves: public files, exports, and every page, feed and address."""
    files = list((archive.data / "public").iterdir())
    for format_ in ("rttm", "vtt", "srt", "txt", "json", "csv", "tei"):
        ran(archive, "export", "--format", format_, "--out", str(out / format_))
    files += [file for file in out.rglob("*") if file.is_file()]
    paths = ["/", "/events", "/people", "/about", "/feed.atom", "/sitemap.xml", f"/events/{EVENT}"]
    paths += [f"/recordings/{RECORDING}{end}" for end in ("", ".vtt", ".words.json")]
    paths += [f"/people/{who}" for who in ("zoe", "yann", "une-personne")]
    with closing(sqlite3.connect(archive.data / "public" / "archive.db")) as db:
        pages = [render(db, SiteSettings(), path, {}).body.encode() for path in paths]
        pages += [
            render(db, SiteSettings(), "/search", {"q": word}).body.encode()
            for word in ("portes", "bonjour", "merci")
        ]
    return b"\n".join([*(file.read_bytes() for file in files if file.is_file()), *pages])


def loudness(file: Path, start_s: float, end_s: float) -> float:
    """How loud a stretch of a sound file is: the root of the mean square, 1 at the most."""
    with av.open(str(file)) as opened:
        frames = [f.to_ndarray()[0] for f in opened.decode(audio=0)]
        rate = opened.streams.audio[0].rate
    samples = np.concatenate(frames).astype(np.float64)
    samples /= 1.0 if abs(samples).max() <= 1 else 32768.0
    part = samples[int(start_s * rate) : int(end_s * rate)]
    return float(np.sqrt((part**2).mean()))


def test_a_speaker_is_named_from_a_pasted_link(archive: Archive) -> None:
    """The turn at the link's moment gets the name, as corrected; undone, it is as it was."""
    query = "SELECT start_ms, person_id, origin FROM turns WHERE start_ms < 7500 ORDER BY 1"
    before = shown(archive, query)
    said = ran(
        archive, "correct", "speaker", f"http://127.0.0.1:8001/recordings/{RECORDING}?t=7.5", "yann"
    )
    assert "plenary correct undo 1" in said
    assert shown(archive, query)[-1][1:] == ("yann", "corrected")
    kinds = shown(archive, "SELECT options FROM provenance WHERE step = 'correction'")
    assert '"kind":"speaker"' in kinds[0][0]
    ran(archive, "correct", "undo", "1")
    assert shown(archive, query) == before


def test_somebody_new_is_identified(archive: Archive) -> None:
    """A person whom no programme gives gets an id, a name and a role, and is listed."""
    ran(
        archive, "correct", "speaker", f"{RECORDING} 0:06–0:10", "lou",
        *("--name", "Lou Nouvel", "--role", "jardinière"),
    )  # fmt: skip
    assert shown(archive, "SELECT name, sort_name FROM people WHERE id = 'lou'") == [
        ("Lou Nouvel", "Nouvel Lou")
    ]
    assert shown(archive, "SELECT role FROM roles WHERE person_id = 'lou'") == [("jardinière",)]
    ran(archive, "run")  # the evidence is used, and nothing is lost by it
    assert ("corrected",) in shown(archive, "SELECT origin FROM turns WHERE person_id = 'lou'")
    assert "nobody has the id max" in refused(
        archive, "correct", "speaker", f"{RECORDING} 0:06", "max"
    )


def test_words_are_written_anew_and_found(archive: Archive) -> None:
    """What is corrected is what is shown, found and exported; its neighbours stay."""
    ran(archive, "correct", "text", f"{RECORDING} 0:06–0:10", "Nos bleuets poussent ici.")
    assert "Nos bleuets poussent ici." in texts(archive)
    assert "coquelicots" not in texts(archive)
    assert "1 passage" in ran(archive, "search", "bleuet")
    ran(archive, "correct", "confirm", f"{RECORDING} 0:13", "--words")
    origins = shown(archive, "SELECT origin, COUNT(*) FROM passages GROUP BY origin ORDER BY 1")
    assert dict(origins).keys() >= {"confirmed", "corrected"}


def test_a_spelling_is_shown_before_it_is_mended(archive: Archive) -> None:
    """Each place is told, one number takes all of them back."""
    said = ran(archive, "correct", "replace", "pétécé", "PTCE", "--yes")
    assert said.count("[PTCE]") == 2
    assert texts(archive).count("PTCE") == 2
    ran(archive, "correct", "undo", "1")
    assert "PTCE" not in texts(archive)


def test_seconds_leave_all_that_is_public_and_no_run_brings_them_back(
    archive: Archive, tmp_path: Path
) -> None:
    """Words, sound, exports, pages, earlier files: gone; a dated note that names nobody stands."""
    copy = archive.data / "media" / EVENT / "matin.m4a"
    assert loudness(copy, 6.5, 9.5) > 0.01
    ran(archive, "publish")
    said = ran(archive, "correct", "withdraw", f"{RECORDING} 0:05–0:11", "--why", "demandé")
    assert "its web copy was taken away" in said
    assert f"{RECORDING}: matin.wav" in said
    assert not copy.exists()
    edit(archive.config, "site:\n", "attribution:\n  min_confidence: 0.7\nsite:\n")
    for _ in range(2):
        public = all_that_is_public(archive, tmp_path / "out")
        assert b"coquelicots" not in public
        assert "demandé".encode() not in public
        assert b"aubergines" in public
        ran(archive, "run")
    assert loudness(copy, 5.1, 10.9) < 0.001
    assert loudness(copy, 12.5, 15.5) > 0.01
    notes = shown(archive, "SELECT start_ms, end_ms, kind FROM notices")
    assert notes == [(5_000, 11_000, "withdrawn")]
    archive.plenary("publish", "--rollback")
    assert b"coquelicots" not in all_that_is_public(archive, tmp_path / "rolled")


def test_a_name_becomes_une_personne(archive: Archive, tmp_path: Path) -> None:
    """The words stay; programme, people and search say "une personne"; titles too."""
    ran(archive, "correct", "speaker", f"{RECORDING} 0:06–0:10", "yann")
    said = ran(archive, "correct", "withdraw", "--unname", "yann", "--said-by-others", "blank")
    assert "Merci Yan Modelle," in said
    public = all_that_is_public(archive, tmp_path / "out")
    for name in ("Modèle", "Modelle", "yann"):
        assert name.encode() not in public
    assert "coquelicots" in texts(archive)
    assert "aubergines" in texts(archive)
    assert shown(archive, "SELECT person_id FROM programme ORDER BY position") == [
        ("zoe",),
        ("une-personne",),
    ]
    assert "une personne" in ran(archive, "search", "coquelicots")


def test_where_others_say_a_name_it_is_kept_unless_somebody_decides(archive: Archive) -> None:
    """Nobody is here to ask: the words of others stay, and the list goes on naming them."""
    said = ran(archive, "correct", "withdraw", "--unname", "yann")
    assert "kept until somebody decides" in said
    assert "Modelle" in texts(archive)
    told = ran(archive, "correct", "list")
    assert "the name of yann is said" in told
    place = told.rpartition('withdraw "')[2].partition('"')[0]
    ran(archive, "correct", "withdraw", place)
    assert "Modelle" not in texts(archive)
    assert "the name of yann is said" not in ran(archive, "correct", "list")


def test_all_that_a_person_said_goes(archive: Archive, tmp_path: Path) -> None:
    """Words, name and sound of one person; what the others said stays."""
    ran(archive, "correct", "speaker", f"{RECORDING} 0:06–0:10", "yann")
    ran(archive, "correct", "withdraw", "--person", "yann", "--said-by-others", "blank")
    ran(archive, "run")
    public = all_that_is_public(archive, tmp_path / "out")
    for gone in ("coquelicots", "Modèle", "Modelle", "yann"):
        assert gone.encode() not in public
    copy = archive.data / "media" / EVENT / "matin.m4a"
    assert loudness(copy, 6.3, 9.7) < 0.001
    assert loudness(copy, 18.5, 21.5) > 0.01
    kinds = shown(archive, "SELECT kind FROM notices")
    assert kinds
    assert set(kinds) == {("withdrawn",)}


def test_erased_words_are_nowhere(archive: Archive, tmp_path: Path) -> None:
    """Not in work.db, not in what the ledger keeps, though the transcript made elsewhere has them.

    What stands of it is when it was asked for, and why.
    """
    ran(archive, "correct", "text", f"{RECORDING} 0:06–0:10", "Nos coquelicots poussent.")
    ran(
        archive, "correct", "withdraw", f"{RECORDING} 0:05–0:11",
        *("--erase", "--yes", "--why", "vie privée"),
    )  # fmt: skip
    for _ in range(2):
        assert b"coquelicots" not in archive.data.joinpath("work.db").read_bytes()
        assert b"coquelicots" not in all_that_is_public(archive, tmp_path / "out")
        ran(archive, "run")
    kept = list((archive.data / "kept").glob("*.flac"))
    assert len(kept) == 1
    assert loudness(kept[0], 5.1, 10.9) == 0
    assert loudness(kept[0], 12.5, 15.5) > 0.01
    listed = ran(archive, "correct", "list")
    assert "vie privée" in listed
    assert "aubergines" in texts(archive)
    assert "cannot be put back" in refused(archive, "correct", "undo", "2")


def test_an_erasure_that_was_cut_short_is_finished_by_the_next_run(archive: Archive) -> None:
    """Killed right after the wish was recorded, a run erases before it does anything else."""
    with open_store(archive.data / "work.db") as store:
        desk = Desk(store, Author("x"))
        desk.withdraw(Place(RECORDING, 5_000, 11_000), erased=True)
    ran(archive, "run")
    assert b"coquelicots" not in archive.data.joinpath("work.db").read_bytes()
    assert "coquelicots" not in texts(archive)


def test_a_withdrawal_can_be_undone(archive: Archive) -> None:
    """What was not erased comes back with `undo`."""
    before = texts(archive)
    ran(archive, "correct", "withdraw", f"{RECORDING} 0:05–0:11")
    ran(archive, "correct", "undo", "1")
    assert texts(archive) == before
    assert shown(archive, "SELECT * FROM notices") == []


def test_media_held_elsewhere_cannot_be_muted_and_that_is_said(archive: Archive) -> None:
    """The command ends with what is still online, and where."""
    edit(
        programme_of(archive),
        "    captures: [matin.wav]\n",
        '    captures: [matin.wav]\n    media: {url: "https://tube.example/w/1"}\n',
    )
    ran(archive, "run")
    said = ran(archive, "correct", "withdraw", f"{RECORDING} 0:05–0:11")
    assert "still online at https://tube.example/w/1" in said
    assert shown(archive, "SELECT COUNT(*) FROM notices") == [(1,)]


def test_the_file_beside_the_programme_is_followed(archive: Archive) -> None:
    """What it says is corrected by a run; what leaves it is undone; a withdrawal stays."""
    file = programme_of(archive).with_name("corrections.yaml")
    file.write_text(
        "corrections:\n"
        '  - {kind: speaker, at: "matin 0:06–0:10", person: yann, by: Lou}\n'
        '  - {kind: replace, wrong: "pétécé", right: PTCE}\n'
        '  - {kind: withdraw, at: "matin 0:18–0:22", why: demandé}\n',
        "utf-8",
    )
    ran(archive, "run")
    assert set(shown(archive, "SELECT person_id FROM turns WHERE person_id <> ''")) == {("yann",)}
    assert "PTCE" in texts(archive)
    assert "canal" not in texts(archive)
    assert "Lou" in ran(archive, "correct", "list")
    ran(archive, "run")
    assert len(ran(archive, "correct", "list", "--all").split(" withdraw ")) == 2
    assert "still says it" in ran(archive, "correct", "undo", "2")
    file.write_text("corrections: []\n", "utf-8")
    ran(archive, "run")
    assert "pétécé" in texts(archive)
    assert "canal" not in texts(archive)


def test_a_mistake_in_the_file_is_told_with_its_line(archive: Archive) -> None:
    """Unknown keys stop the run as in a programme; an unknown person is told, the rest is done."""
    file = programme_of(archive).with_name("corrections.yaml")
    file.write_text("corrections:\n  - {kind: speaker, at: x, persn: yann}\n", "utf-8")
    assert "corrections.yaml:2" in refused(archive, "run")
    assert "corrections.yaml:2" in refused(archive, "check")
    file.write_text(
        "corrections:\n"
        '  - {kind: speaker, at: "matin 0:06–0:10", person: max}\n'
        '  - {kind: replace, wrong: "pétécé", right: PTCE}\n',
        "utf-8",
    )
    said = ran(archive, "run")
    assert "not corrected" in said
    assert "corrections.yaml:2" in said
    assert "PTCE" in texts(archive)


def test_what_cannot_be_done_says_what_to_do(archive: Archive) -> None:
    """Places without words, moments to withdraw, numbers that hold no more."""
    assert "nothing is said at" in refused(archive, "correct", "text", f"{RECORDING} 0:23", "x")
    assert "say until when" in refused(archive, "correct", "withdraw", f"{RECORDING} 0:07")
    assert "no correction 7 holds" in refused(archive, "correct", "undo", "7")
    assert "nobody is named" in refused(archive, "correct", "confirm", f"{RECORDING} 0:13")
    assert "no words were withheld" in refused(archive, "correct", "restore", f"{RECORDING} 0:07")
    assert "say one thing" in refused(archive, "correct", "withdraw")
