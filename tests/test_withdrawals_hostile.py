"""Withdrawals against somebody who looks for any byte that is left of herself."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from archive_fixture import EVENING, turn
from evening import (
    RECORDING,
    SESSION,
    asked,
    desk,
    online,
    programme,
    published,
    put,
    store,
    withdraw_person,
    work_of,
    workplace,
)

from archive.corrections.applied import Corrected
from archive.corrections.erasing import erase_words
from archive.corrections.place import Place, read_place
from archive.corrections.report import open_questions, reported
from archive.corrections.wishes import Mask
from archive.errors import ArchiveFault
from archive.french import fold, tokens
from archive.publish import rollback
from pipeline.cli_correct import _withdraw_person
from pipeline.erasing import erase_what_is_due
from pipeline.ledger import Step
from pipeline.run import drop_events

if TYPE_CHECKING:
    from archive.store import Store

__all__ = ["store"]


def test_the_same_capture_in_two_recordings_is_withdrawn_in_both(store: Store) -> None:
    """A programme that shows one film twice hides in both what was withdrawn in one."""
    event = programme()
    again = {**event["sessions"][0], "id": f"{EVENING}/encore", "position": 2}
    again["recording_id"] = f"{EVENING}/encore"
    event = {
        **event,
        "recordings": [*event["recordings"], {"id": f"{EVENING}/encore"}],
        "sessions": [*event["sessions"], again],
    }
    store.put_event(EVENING, event)
    put(store, [turn(SESSION, 1_000, "Chuchotement.")])
    other = f"{EVENING}/encore"
    put(store, [turn(other, 31_000, "Chuchotement.")], [("a", 30_000, 60_000)], other)
    desk(store).withdraw(Place(RECORDING, 0, 5_000))
    assert b"huchotement" not in published(store)


def test_erasing_reaches_words_that_stand_beside_the_passages(store: Store) -> None:
    """A quote that begins before the stretch, a correction made when its sound stood elsewhere."""
    evidence = '[{"kind":"hand-over","start_ms":4000,"quote":"merci à la mandarine"}]'
    put(store, [turn(SESSION, 5_000, "Une mandarine.")], [("a", 0, 90_000)])
    desk(store).confirm_words(Place(RECORDING, 5_100), "turn")
    moved = turn(SESSION, 35_000, "Une mandarine.", evidence=evidence)
    put(store, [moved], [("b", 0, 30_000), ("a", 30_000, 60_000)])
    store.db.execute("UPDATE turns SET evidence = replace(evidence, '4000', '34000')")
    gone = desk(store).withdraw(Place(RECORDING, 35_000, 37_000), erased=True)
    (place,) = Corrected(store.db.conn).places(gone)
    with store.db.atomic():
        erase_words(store.db.conn, place.recording, place.stretch)
    for table in ("passages", "turns", "corrections"):
        assert "mandarine" not in str(store.db.execute(f"SELECT * FROM {table}").fetchall())


def test_a_mended_spelling_is_not_told_where_its_words_are_hidden(store: Store) -> None:
    """What was only said in private, or is withdrawn, is not in the account of corrections."""
    put(store, [turn(SESSION, 1_000, "Une clandestinité."), turn(SESSION, 9_000, "Bonsoir.")])
    desk(store).mend_spelling("clandestinité", "affaire", "")
    assert b"clandestinit" in published(store)
    desk(store).withdraw(Place(RECORDING, 0, 5_000))
    assert b"clandestinit" not in published(store)


def test_a_name_that_was_written_over_is_not_told_as_heard(store: Store) -> None:
    """Somebody wrote other words for her name; what was heard is beside them in the file."""
    put(store, [turn(SESSION, 1_000, "Merci Bo Modèle, et bonsoir.")])
    desk(store).mend_spelling("Bo Modèle", "chère collègue", "")
    assert "Modèle".encode() in published(store)
    desk(store).withdraw_person("bo-exemple", "no-name", ())
    assert "Modèle".encode() not in published(store)
    assert asked(store, "SELECT text FROM passages") == [("Merci chère collègue, et bonsoir.",)]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Zoé Modèle", unicodedata.normalize("NFD", "Hommage à Zoé Modèle")),
        ("Slavoj Žižek", "Slavoj Žižek et les autres"),
        ("Aleš Łukasz-Dvořák", "ALEŠ ŁUKASZ DVOŘÁK"),
        ("Cœur Ægir", "Coeur Aegir"),
        ("Jean-Bo Modèle", "MODÈLE Jean-Bo, maire"),
        ("Ana d'Ormesson", "d’après Ana d’Ormesson"),
    ],
)
def test_a_name_is_masked_however_its_letters_are_written(name: str, title: str) -> None:
    """Accents apart, as file names of some systems have them; letters that French has not."""
    masked = Mask([name])(title)
    assert "une personne" in masked
    assert not {w for w in tokens(fold(name)) if len(w) > 1} & set(tokens(fold(masked)))


def test_a_mask_leaves_all_else_as_it_is() -> None:
    """Not a letter of another text changes, and a longer word is no name."""
    for text in ("Zoé Modèles", "Azoé Modèle", unicodedata.normalize("NFD", "été à Zoé"), "ŒUF"):
        assert Mask(["Zoé Modèle"])(text) == text


def test_a_name_in_an_address_does_not_stop_a_withdrawal(store: Store) -> None:
    """The session is called after her: she is not named all the same, and that is to be told."""
    event = programme()
    called = f"{EVENING}/conference-bo-modele"
    event["recordings"] = [{"id": called}]
    event["sessions"] = [{**event["sessions"][0], "id": called, "recording_id": called}]
    event["programme"] = [{**row, "session_id": called} for row in event["programme"]]
    store.put_event(EVENING, event)
    put(store, [turn(called, 1_000, "Bonsoir.", person="bo-exemple")], recording=called)
    desk(store).withdraw_person("bo-exemple", "no-name", ())
    assert "Bo Modèle".encode() not in published(store)
    assert asked(store, "SELECT person_id, recording_id FROM turns") == [("une-personne", called)]
    assert any(called in line for line in open_questions(store.db.conn))
    assert workplace(store).take_away([called]).addresses == (called,)


def test_whoever_withdrew_stays_away_though_the_programme_drops_her(store: Store) -> None:
    """The archivist deletes her from the programme, the next run hears somebody unknown."""
    event = programme()
    session = {**event["sessions"][0], "title": "Une conférence de Bo Modèle"}
    store.put_event(EVENING, {**event, "sessions": [session]})
    said = turn(SESSION, 1_000, "Mandarine.", person="bo-exemple")
    put(store, [said, turn(SESSION, 9_000, "Bonsoir.")])
    withdraw_person(store, "bo-exemple")
    for table in ("people", "roles", "programme"):
        key = "id" if table == "people" else "person_id"
        event[table] = [row for row in event[table] if row[key] != "bo-exemple"]
    store.put_event(EVENING, {**event, "sessions": [session]})
    put(store, [turn(SESSION, 1_000, "Mandarine."), turn(SESSION, 9_000, "Bonsoir.")])
    public = published(store)
    assert b"Bonsoir" in public
    assert b"andarine" not in public
    assert "Modèle".encode() not in public


def test_a_wish_reaches_all_ids_of_one_person(store: Store) -> None:
    """What she said under another id goes too, and stays away when nothing joins them any more."""
    event = programme()
    event["people"] = [*event["people"], {"id": "bo-bis", "name": "Bo Autrenom"}]
    joined = [{"kind": "same", "id": "bo-bis", "spelling": "bo-exemple"}]
    store.put_event(EVENING, {**event, "names": joined})
    put(
        store,
        [
            turn(SESSION, 1_000, "Mandarine.", person="bo-bis"),
            turn(SESSION, 9_000, "Merci Bo Autrenom.", person="cleo-essai"),
        ],
    )
    withdraw_person(store, "bo-exemple", erase=True)
    erased = [c for c in Corrected(store.db.conn).corrections if c.facts.get("erased")]
    assert [s.start_ms for c in erased for s in c.stretches] == [1_000]
    store.put_event(EVENING, event)
    public = published(store)
    assert b"andarine" not in public
    assert b"Autrenom" not in public


def test_an_earlier_file_that_shows_nothing_hidden_is_kept(store: Store) -> None:
    """It already leaves the words out, in the midst of a passage: one can still roll back to it."""
    put(store, [turn(SESSION, 1_000, "Un deux mandarine trois quatre.")])
    desk(store).withdraw(Place(RECORDING, 1_800, 2_200))
    assert b"trois" in published(store)
    desk(store).mend_spelling("quatre", "cinq", "")
    published(store)
    public = work_of(store).parent / "public"
    assert rollback(public)
    assert asked(store, "SELECT text FROM passages") == [("Un deux",), ("trois quatre.",)]


def test_what_goes_wrong_on_the_way_leaves_no_words_online(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A web copy that cannot be deleted, a disk too full to erase: the words go all the same."""
    put(store, [turn(SESSION, 1_000, "Mandarine."), turn(SESSION, 9_000, "Bonsoir.")])
    at = workplace(store)
    assert b"andarine" in published(store)
    at.desk.withdraw(Place(RECORDING, 0, 5_000), erased=True)

    def full(*_: object) -> None:
        raise ArchiveFault("the disk is full", "free some space")

    with monkeypatch.context() as night:
        night.setattr("pipeline.correcting.erase_what_is_due", full)
        with pytest.raises(ArchiveFault, match="full"):
            at.take_away([RECORDING])
    assert b"andarine" not in online(store)
    at.ledger.apply(f"shown:{RECORDING}", "[[0, 90000]]")
    at.settings.data.joinpath("media", f"{RECORDING}.m4a").mkdir(parents=True)
    at.desk.withdraw(Place(RECORDING, 8_000, 12_000))
    with pytest.raises(OSError, match="soiree"):
        at.take_away([RECORDING])
    assert b"Bonsoir" not in online(store)


def test_sound_that_is_to_be_erased_outlives_no_kill(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while the kept sound is deleted, or made: what is left goes with the next run."""
    put(store, [turn(SESSION, 1_000, "Mandarine.")])
    at = workplace(store)
    step = Step("sound", 1, {"capture-0": "a" * 64})
    at.ledger.about(RECORDING).record(step, {})
    files = [at.ledger.kept / f"{step.key}.flac", at.ledger.kept / f".{step.key}.flac.part"]
    for file in files:
        file.write_bytes(b"her voice")
    at.desk.withdraw(Place(RECORDING, 0, 5_000), erased=True)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as night:
        night.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            erase_what_is_due(at.settings.data, store, at.ledger)
    erase_what_is_due(at.settings.data, store, at.ledger)
    assert not any(file.exists() for file in files)


def test_an_address_elsewhere_that_says_a_name_is_hidden(store: Store) -> None:
    """An id of ours is told, since changing it breaks links; another's address does not say it."""
    put(store, [turn(SESSION, 1_000, "Bonsoir.")])
    store.set_media(RECORDING, "https://tube.example/bo-modele", None)
    desk(store).withdraw_person("bo-exemple", "no-name", ())
    assert b"bo-modele" not in published(store)


def test_what_was_heard_in_a_hidden_part_is_not_told_beside_the_rest(store: Store) -> None:
    """Words written anew share the form that was heard, of which one half is withdrawn."""
    put(store, [turn(SESSION, 1_000, "Bonsoir. Pôle mandarine.")])
    desk(store).mend_spelling("pôle mandarine", "un deux trois quatre", "")
    desk(store).withdraw(Place(RECORDING, 1_800, 2_200))
    assert b"mandarine" not in published(store)
    assert asked(store, "SELECT text FROM passages") == [("Bonsoir. un deux",)]


def test_copies_of_an_event_that_left_outlive_no_kill(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The site serves what stands in the media folder: it goes before what tells of it."""
    at = workplace(store)
    copy = at.settings.data / "media" / EVENING / "soiree.m4a"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"her voice")
    settings: Any = at.settings
    settings.events = settings.data / "events"
    settings.events.joinpath("other").mkdir(parents=True)
    settings.events.joinpath("other", "programme.yaml").touch()

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    bench: Any = at
    with monkeypatch.context() as night:
        night.setattr("pipeline.run.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            drop_events(bench, store, {"other"})
    drop_events(bench, store, {"other"})
    assert not copy.exists()
    assert store.db.table("events").count == 0


def test_a_copy_of_which_nothing_is_known_is_taken_back(store: Store) -> None:
    """A kill took the account of what it lets hear: it may let hear what is withdrawn."""
    put(store, [turn(SESSION, 1_000, "Bonsoir.")])
    at = workplace(store)
    copy = at.settings.data / "media" / EVENING / "soiree.m4a"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"her voice")
    at.desk.withdraw(Place(RECORDING, 0, 2_000))
    assert at.take_away([RECORDING]).copies == (RECORDING,)
    assert not copy.exists()


def test_whoever_says_her_own_name_is_asked_about_it_too(store: Store) -> None:
    """An introduction names her as much as others do; once all she said goes, it is gone."""
    said = turn(SESSION, 1_000, "Je suis Bo Modèle, bonsoir.", person="bo-exemple")
    put(store, [said])
    at = workplace(store)
    assert [m.quote for m in at.mentions("bo-exemple", "no-name")] == [
        "Je suis Bo Modèle, bonsoir."
    ]
    assert at.mentions("bo-exemple", "nothing") == []
    _withdraw_person(at, "bo-exemple", "no-name", erase=False, others="blank")
    assert "Modèle".encode() not in published(store)
    assert asked(store, "SELECT text FROM passages") == [("Je suis",), ("bonsoir.",)]


def test_a_name_given_to_whoever_withdrew_silences_at_once(store: Store) -> None:
    """Found later in an unknown voice, her words and their sound go with the correction."""
    put(store, [turn(SESSION, 1_000, "Mandarine."), turn(SESSION, 9_000, "Bonsoir.")])
    withdraw_person(store, "bo-exemple")
    at = workplace(store)
    copy = at.settings.data / "media" / EVENING / "soiree.m4a"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"her voice")
    at.ledger.apply(f"shown:{RECORDING}", "[[0, 90000]]")
    at.publish()
    assert copy.exists()
    at.desk.name_speaker(Place(RECORDING, 1_000), "bo-exemple", "turn", {})
    at.publish()
    assert b"andarine" not in online(store)
    assert not copy.exists()


def test_an_earlier_file_that_knows_her_under_another_id_goes(store: Store) -> None:
    """The programme gave her another id since: her name tells."""
    put(store, [turn(SESSION, 1_000, "Bonsoir.")])
    assert "Bo Modèle".encode() in published(store)
    event = programme()
    for table, key in (("people", "id"), ("roles", "person_id"), ("programme", "person_id")):
        event[table] = [
            {**row, key: "bo-modele"} if row[key] == "bo-exemple" else row for row in event[table]
        ]
    store.put_event(EVENING, event)
    desk(store).withdraw_person("bo-modele", "no-name", ())
    assert "Bo Modèle".encode() not in published(store)


def test_a_wish_of_the_programme_is_asked_about_too(store: Store) -> None:
    """Where others say her name, the list tells it, to the word; until somebody decides."""
    event = programme()
    event["people"] = [
        {**row, "publish": "no-name"} if row["id"] == "bo-exemple" else row
        for row in event["people"]
    ]
    store.put_event(EVENING, event)
    put(store, [turn(SESSION, 1_000, "Bonsoir, merci Bo Modèle de venir.", person="cleo-essai")])
    (line,) = open_questions(store.db.conn)
    place = read_place(store.db.conn, line.rpartition('withdraw "')[2].rstrip('"'))
    desk(store).withdraw(place)
    assert list(open_questions(store.db.conn)) == []
    published(store)
    assert asked(store, "SELECT text FROM passages") == [("Bonsoir, merci",), ("de venir.",)]


def test_a_name_in_words_that_take_no_time_can_be_taken_away(store: Store) -> None:
    """Written between two words without a pause, they have no length; they go all the same."""
    put(store, [turn(SESSION, 1_000, "Bonsoir merci de venir.", person="cleo-essai")])
    desk(store).write_text(Place(RECORDING, 1_000), "Bonsoir merci Bo Modèle de venir.")
    at = workplace(store)
    assert "Bo Modèle".encode() in published(store)
    _withdraw_person(at, "bo-exemple", "no-name", erase=False, others="blank")
    assert "Modèle".encode() not in published(store)
    (gone,) = (c for c in Corrected(store.db.conn).corrections if c.takes_away)
    with store.db.atomic():
        store.db.execute("UPDATE passages SET text = ?", ["Bonsoir merci Modèle venir."])
        words = "[[1000,1400,1],[1400,1800,1],[1800,1800,1],[2200,2600,1]]"
        store.db.execute("UPDATE passages SET words = ?", [words])
        erase_words(store.db.conn, RECORDING, gone.stretches[0])
    assert store.db.execute("SELECT text FROM passages").fetchall() == [("Bonsoir merci venir.",)]


def test_what_stands_on_both_sides_of_a_withdrawal_is_not_said_in_one(store: Store) -> None:
    """A turn ends where something was taken away, and what follows is another."""
    said = "Il y a dix bénévoles ici. Voici les monnaies."
    put(store, [turn(SESSION, 1_000, said, person="bo-exemple")])
    desk(store).withdraw(Place(RECORDING, 2_200, 3_000))
    published(store)
    assert asked(store, "SELECT text FROM passages ORDER BY id") == [
        ("Il y a",),
        ("ici. Voici les monnaies.",),
    ]
    turns = asked(store, "SELECT start_ms, end_ms, person_id FROM turns ORDER BY id")
    assert turns == [(1_000, 2_200, "bo-exemple"), (3_000, 4_600, "bo-exemple")]


def test_a_wish_has_no_place_that_could_move(store: Store) -> None:
    """What a wish keeps of others' words is no ground of its own: the list says that it holds."""
    put(store, [turn(SESSION, 1_000, "Merci Bo Modèle.")])
    at = workplace(store)
    at.desk.withdraw_person("bo-exemple", "no-name", at.mentions("bo-exemple", "no-name"))
    assert [line.strip() for line in reported(store.db.conn, undone=False)][1] == "holds"
