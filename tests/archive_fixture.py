"""A small archive of fictional people, for the tests of what keeps, publishes and shows it.

`make_work(folder)` writes work.db, `make_public(folder)` publishes it as well; tests take
the fixtures by `from archive_fixture import public_archive`. Everything marked PRIVATE
stands in work.db and must not reach the published file.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from archive.publish import publish
from archive.store import Row, Rows, open_store

if TYPE_CHECKING:
    from pathlib import Path

TODAY = dt.date(2026, 1, 1)

DAY = "2017-03-28-ile-demo"
EVENING = "2019-10-05-soiree-demo"

PRIVATE = (
    "mandarine",  # said in the break
    "clandestine",  # said in a closed session
    "prématurée",  # said under embargo
    "horsdetout",  # said outside every session
    "Zéphyrine",  # wants no name
    "silencieuse",  # said by someone who wants nothing published
    "Wilfrid",  # wants nothing published
    "amara",  # withheld by the gate
    "motsamorces",  # hotwords among the options of a step
    "Huis clos",  # title of a closed session
)
"""Words that stand in work.db and nowhere in a published file."""


def words_of(text: str, start_ms: int, each_ms: int = 400) -> str:
    """Return the words' times for `text`: one word after the other, `each_ms` long."""
    count = len(text.split(" "))
    return json.dumps(
        [[start_ms + i * each_ms, start_ms + (i + 1) * each_ms, 0.9] for i in range(count)]
    )


def passage(text: str, start_ms: int, origin: str = "automatic") -> Row:
    """Return a passage's row."""
    return {
        "start_ms": start_ms,
        "end_ms": start_ms + 400 * len(text.split(" ")),
        "text": text,
        "words": words_of(text, start_ms),
        "origin": origin,
    }


def turn(
    session: str | None,
    start_ms: int,
    *texts: str,
    person: str | None = None,
    voice: str = "voice-1",
    confidence: float = 0.95,
    origin: str = "automatic",
    evidence: str = "[]",
) -> Row:
    """Return a turn's row with its passages, one after the other."""
    passages: list[Row] = []
    at = start_ms
    for text in texts:
        passages.append(passage(text, at))
        at = int(str(passages[-1]["end_ms"]))
    return {
        "session_id": session,
        "start_ms": start_ms,
        "end_ms": at,
        "person_id": person,
        "voice": voice,
        "confidence": confidence if person else 0.0,
        "evidence": evidence,
        "origin": origin,
        "passages": passages,
    }


def _person(identifier: str, name: str, publish_wish: str = "yes") -> Row:
    first, _, last = name.partition(" ")
    return {
        "id": identifier,
        "name": name,
        "sort_name": f"{last}, {first}",
        "publish": publish_wish,
    }


def _session(event: str, position: int, name: str, title: str, **more: object) -> Row:
    return {
        "id": f"{event}/{name}",
        "event_id": event,
        "position": position,
        "title": title,
        "kind": "plenary",
        "access": "public",
        **more,
    }


def day_event() -> Rows:
    """Return the rows of a day's programme: opening, break, round table, closed, unfilmed."""
    morning = {"recording_id": f"{DAY}/matin", "date": "2017-03-28"}
    return {
        "series": [{"id": "journees", "title": "Journées de démonstration"}],
        "events": [
            {
                "id": DAY,
                "title": "PTCE et citoyenneté",
                "series_id": "journees",
                "label": "Acte 2",
                "date": "2017-03-28",
                "place": "L'Île-Démo",
                "language": "fr",
                "licence": "CC-BY-SA-4.0",
                "organisers": ["RTD"],
            }
        ],
        "links": [
            {
                "event_id": DAY,
                "kind": "report",
                "title": "Les actes",
                "url": "https://example.org/actes.pdf",
            }
        ],
        "organisations": [
            {"id": "RTD", "name": "Réseau des territoires de démonstration"},
            {"id": "PHARES", "name": "Le Phares", "url": "https://example.org/phares"},
            {"id": "OMBRE", "name": "Organisation que rien de public ne nomme"},
        ],
        "people": [
            _person("ana-exemple", "Ana Exemple"),
            _person("bo-exemple", "Bo Modèle"),
            _person("zephyrine-x", "Zéphyrine Sansnom", "no-name"),
            _person("wilfrid-x", "Wilfrid Sansrien", "nothing"),
        ],
        "names": [
            {"kind": "person", "id": "ana-exemple", "spelling": "Anna Exempel"},
            {"kind": "person", "id": "zephyrine-x", "spelling": "Zéphyrine Sans-Nom"},
            {"kind": "organisation", "id": "PHARES", "spelling": "PTCE le Phares"},
        ],
        "roles": [
            {"person_id": "ana-exemple", "role": "déléguée générale", "organisation_id": "RTD"},
            {"person_id": "bo-exemple", "role": "directeur", "organisation_id": "PHARES"},
            {"person_id": "zephyrine-x", "role": "maire", "organisation_id": None},
        ],
        "recordings": [{"id": f"{DAY}/matin"}, {"id": f"{DAY}/prive"}],
        "sessions": [
            _session(
                DAY, 1, "ouverture", "Ouverture", **morning, kind="opening", start="09:30",
                from_ms=10_000, to_ms=100_000, summary="Un mot d'accueil.",
            ),
            _session(
                DAY, 2, "pause", "Pause café", **morning, kind="break",
                from_ms=100_000, to_ms=150_000,
            ),
            _session(
                DAY, 3, "table-ronde", "Quelle feuille de route ?", **morning,
                kind="round-table", from_ms=150_000, to_ms=400_000,
            ),
            _session(
                DAY, 4, "clos", "Huis clos", date="2017-03-28", access="closed",
                recording_id=f"{DAY}/prive",
            ),
            _session(
                DAY, 5, "embargo", "Plus tard", date="2017-03-28", public_from="2042-01-01",
                recording_id=f"{DAY}/matin", from_ms=400_000, to_ms=500_000,
            ),
            _session(DAY, 6, "atelier", "Atelier non filmé", date="2017-03-28", kind="workshop"),
        ],
        "programme": [
            {"session_id": f"{DAY}/{s}", "person_id": p, "part": part, "position": i}
            for s, p, part, i in (
                ("ouverture", "ana-exemple", "chair", 1),
                ("ouverture", "bo-exemple", None, 2),
                ("table-ronde", "ana-exemple", "chair", 1),
                ("table-ronde", "bo-exemple", "conférence", 2),
                ("table-ronde", "zephyrine-x", None, 3),
                ("atelier", "bo-exemple", None, 1),
                ("clos", "wilfrid-x", None, 1),
            )
        ],
        "glossary": [
            {"term": "PTCE", "means": "pôle territorial de coopération économique"},
            {"term": "tiers-lieu", "means": None},
        ],
    }  # fmt: skip


def day_recording() -> tuple[Row, Rows]:
    """Return the recording of the day's morning: what was said, by whom, and what is missing."""
    opening, table = f"{DAY}/ouverture", f"{DAY}/table-ronde"
    hand_over = json.dumps(
        [
            {"kind": "hand-over", "start_ms": 16_400, "quote": "la parole à Bo Modèle"},
            {"kind": "hand-over", "start_ms": 101_000, "quote": "la mandarine"},
        ],
        ensure_ascii=False,
    )
    return (
        {
            "id": f"{DAY}/matin",
            "event_id": DAY,
            "duration_ms": 520_000,
            "missing_ms": 2_000,
            "media": f"media/{DAY}/matin.mp4",
            "media_offset_ms": 0,
            "poster": f"media/{DAY}/matin.jpg",
        },
        {
            "captures": [
                {
                    "position": 1,
                    "name": "00001.MTS",
                    "bytes": 123_456,
                    "sha256": "a" * 64,
                    "format": "mpegts",
                    "start_ms": 0,
                    "duration_ms": 520_000,
                }
            ],
            "gaps": [{"start_ms": 300_000, "end_ms": 302_000, "reason": "packets missing"}],
            "withheld": [
                {
                    "start_ms": 90_000,
                    "end_ms": 92_000,
                    "reason": "no-speech",
                    "words": "Sous-titres amara",
                }
            ],
            "provenance": [
                {
                    "step": "words",
                    "tool": "faster-whisper",
                    "version": "1.2.1",
                    "model": "demo",
                    "model_sha256": "b" * 64,
                    "options": json.dumps({"language": "fr", "hotwords": "motsamorces, RTD"}),
                    "made_at": "2025-12-01T10:00:00Z",
                    "input_sha256": "c" * 64,
                    "output_sha256": "d" * 64,
                }
            ],
            "turns": [
                turn(None, 1_000, "Essai micro horsdetout un deux."),
                turn(
                    opening, 10_000,
                    "Bonjour à toutes et à tous. Nous parlons des coopérations territoriales. "
                    "Je donne la parole à Bo Modèle.",
                    person="ana-exemple", origin="confirmed", confidence=1.0,
                ),
                turn(
                    opening, 30_000,
                    "Merci Ana. La coopération, c’est l’économie sociale et solidaire : "
                    "la main-d’œuvre, l'Île-de-France, les tiers-lieux.",
                    "Le pôle territorial de coopération économique est un E.S.S. à lui seul.",
                    person="bo-exemple", voice="voice-2", confidence=0.93, evidence=hand_over,
                ),
                turn(f"{DAY}/pause", 110_000, "Entre nous, la mandarine est trop mûre."),
                turn(
                    table, 160_000,
                    "La co-construction avec les communes demande du temps. "
                    "Les animatrices étaient présentes dans les bureaux nationaux.",
                    person="bo-exemple", voice="voice-2", confidence=0.88,
                ),
                turn(
                    table, 200_000,
                    "Je suis maire et je parle de coconstruction, d'un cœur de ville.",
                    person="zephyrine-x", voice="voice-3",
                ),
                turn(
                    table, 240_000,
                    "Une parole silencieuse que je reprends.",
                    person="wilfrid-x", voice="voice-4",
                ),
                turn(table, 280_000, "Bonjour, une question de la salle sur les PTCE.",
                     voice="voice-5"),
                turn(f"{DAY}/embargo", 410_000, "Une annonce prématurée.", person="ana-exemple"),
            ],
        },
    )  # fmt: skip


def closed_recording() -> tuple[Row, Rows]:
    """Return the recording of the closed session."""
    return (
        {"id": f"{DAY}/prive", "event_id": DAY, "duration_ms": 60_000, "missing_ms": 0},
        {"turns": [turn(f"{DAY}/clos", 5_000, "Une affaire clandestine.", person="wilfrid-x")]},
    )


def evening_event() -> Rows:
    """Return the rows of a second event, with one person of the first and a new one."""
    return {
        "series": [{"id": "journees", "title": "Journées de démonstration"}],
        "events": [
            {
                "id": EVENING,
                "title": "Soirée des communes",
                "series_id": "journees",
                "date": "2019-10-05",
                "language": "fr",
                "organisers": ["Mairie de Démo"],
            }
        ],
        "organisations": [{"id": "COOP", "name": "La Coopérative d'exemple"}],
        "people": [
            _person("bo-exemple", "Bo Modèle"),
            _person("cleo-essai", "Cléo Essai"),
        ],
        "roles": [
            {"person_id": "bo-exemple", "role": "président", "organisation_id": "COOP"},
            {"person_id": "cleo-essai", "role": "géographe", "organisation_id": None},
        ],
        "recordings": [{"id": f"{EVENING}/soiree"}],
        "sessions": [
            _session(
                EVENING, 1, "soiree", "Conférence", date="2019-10-05",
                recording_id=f"{EVENING}/soiree",
            )
        ],
        "programme": [
            {
                "session_id": f"{EVENING}/soiree",
                "person_id": p,
                "part": part,
                "position": i,
            }
            for i, (p, part) in enumerate((("cleo-essai", "chair"), ("bo-exemple", None)), 1)
        ],
    }  # fmt: skip


def evening_recording() -> tuple[Row, Rows]:
    """Return the recording of the second event."""
    session = f"{EVENING}/soiree"
    return (
        {
            "id": f"{EVENING}/soiree",
            "event_id": EVENING,
            "duration_ms": 90_000,
            "missing_ms": 0,
            "media": "https://media.example.org/soiree.mp4",
            "media_offset_ms": -12_400,
        },
        {
            "captures": [
                {"position": 1, "name": "soiree.mp4", "bytes": 99, "sha256": "e" * 64,
                 "format": "mp4", "start_ms": 0, "duration_ms": 90_000}
            ],
            "provenance": [
                {"step": "words", "tool": "faster-whisper", "version": "1.2.1",
                 "options": "{}", "made_at": "2025-12-02T10:00:00Z"}
            ],
            "turns": [
                turn(session, 1_000, "Bonsoir. Les communes coopèrent avec les habitants.",
                     person="cleo-essai", confidence=0.99),
                turn(session, 20_000,
                     "Nos coopératives marchent bien, et le marché aussi. <b>Attention</b> -->",
                     person="bo-exemple", voice="voice-2", confidence=0.85),
            ],
        },
    )  # fmt: skip


def make_work(folder: Path) -> Path:
    """Write work.db with both events in `folder`; return its path."""
    path = folder / "work.db"
    with open_store(path) as store:
        store.put_event(DAY, day_event())
        store.put_event(EVENING, evening_event())
        for recording in (day_recording(), closed_recording(), evening_recording()):
            store.put_recording(*recording)
    return path


def make_public(folder: Path) -> Path:
    """Write work.db in `folder`, publish it; return the path of `public/archive.db`."""
    work = make_work(folder)
    publish(work, folder / "public", today=TODAY, names="all")
    return folder / "public" / "archive.db"


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return `public/archive.db` of the small archive, made once for each file of tests."""
    return make_public(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="session")
def public_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return `public/archive.db` of the small archive, made once; do not write to it."""
    return make_public(tmp_path_factory.mktemp("archive"))
