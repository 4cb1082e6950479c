"""Programmes: what a person may write, what it becomes, and how each mistake is answered."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archive.errors import Faults, FileFault
from pipeline.event import transcribed
from pipeline.model import Span
from pipeline.programme import (
    Access,
    HostedMedia,
    Role,
    Series,
    Session,
    Speaker,
    Term,
    cast_of,
    is_public,
    likely_doubles,
    load_events,
    public_spans,
    read_events,
    terms_of,
)
from pipeline.reading.people import alike

if TYPE_CHECKING:
    from pipeline.programme import Event

WHOLE = """\
event:
  id: 2017-03-28-ile
  title: "PTCE et citoyenneté"
  series: {id: ptce, title: "Journées nationales", label: "Acte 2"}   # or a plain title
  date: 2017-03-28
  end: 2017-03-29
  place: "L'Île-Saint-Denis"
  organisers: [MES]
  language: fr
  licence: CC-BY-SA-4.0
  links: [{kind: report, title: "Le compte rendu", url: "https://example.org/retour"}]
organisations:
  RTES: "Réseau des territoires"
  PHARES: {name: "Le Phares", also: ["PTCE le Phares"], url: "https://example.org/phares"}
people:
  ana-exemple:
    name: "Ana Exemple"
    also: ["Anna Exempel"]
    publish: no-name
    roles:
      - {role: "déléguée générale", organisation: RTES}
  bo-exemple: {name: "Bo Exemple"}
recordings:
  - id: matin
    captures: [captures/00001.MTS, captures/00002.MTS]
    sound: {channel: 2}
    media: {url: "https://example.org/video", offset: -12.4}
sessions:
  - id: table-ronde
    title: "Quelle feuille de route ?"
    kind: round-table
    date: 2017-03-29
    start: 14:30
    room: "Grande salle"
    place: "Maison des initiatives"
    recording: matin            # with from/to in it
    from: "03:10"
    to: "01:12:00.5"
    transcripts: [1.json, 2.json]
    chair: ana-exemple
    speakers:
      - ana-exemple             # first
      - {person: bo-exemple, part: "conférence"}
    access: public from 2042-01-01
    summary: "Ce qui s'est dit."
    glossary: [levier]
  - id: atelier
    title: "Un atelier"
    captures: [captures/atelier.mp4]
glossary: [tiers-lieu, {term: PTCE, means: "pôle territorial"}]
"""

SMALL = """\
event: {id: jour, title: "Jour", date: 2020-01-01}
people: {ana: {name: "Ana Exemple"}, bo: {name: "Bo Modèle"}}
"""


def write(folder: Path, text: str, event: str = "jour") -> Path:
    (folder / event).mkdir(parents=True, exist_ok=True)
    path = folder / event / "programme.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def one(folder: Path, text: str) -> Event:
    write(folder, text)
    (event,) = load_events(folder)
    return event


def faults(folder: Path) -> list[tuple[int | None, str]]:
    with pytest.raises(Faults) as caught:
        load_events(folder)
    return [(fault.line, str(fault)) for fault in caught.value.errors]


def fault(folder: Path, text: str) -> tuple[int | None, str]:
    write(folder, text)
    (found,) = faults(folder)
    return found


def test_every_key_of_the_contract_is_read(tmp_path: Path) -> None:
    """What design.md's example says is what the values say."""
    event = one(tmp_path, WHOLE)
    folder = tmp_path / "jour"
    assert event.series == Series("ptce", "Journées nationales", "Acte 2")
    assert (event.date, event.end) == (date(2017, 3, 28), date(2017, 3, 29))
    assert event.organisers == ("MES",)
    assert event.links[0].kind == "report"
    assert [o.id for o in event.organisations] == ["RTES", "PHARES"]
    ana, bo = event.people
    assert (ana.publish, bo.publish) == ("no-name", "yes")
    assert ana.roles == (Role("déléguée générale", "RTES"),)
    matin, own = event.recordings
    assert matin.captures == (folder / "captures/00001.MTS", folder / "captures/00002.MTS")
    assert matin.sound.channel == 2
    assert matin.media == HostedMedia("https://example.org/video", -12_400)
    session, workshop = event.sessions
    assert session.span == Span(190_000, 4_320_500)
    assert (session.date, session.start) == (date(2017, 3, 29), "14:30")
    assert session.chair == ("ana-exemple",)
    assert session.speakers == (Speaker("ana-exemple"), Speaker("bo-exemple", "conférence"))
    assert session.access == Access("public", date(2042, 1, 1))
    assert session.transcripts == (folder / "1.json", folder / "2.json")
    assert session.glossary == (Term("levier"),)
    assert event.glossary == (Term("tiers-lieu"), Term("PTCE", "pôle territorial"))
    assert (own.id, workshop.recording, workshop.date) == ("atelier", "atelier", event.date)
    assert (session.language, workshop.span, workshop.kind) == ("fr", None, "plenary")


def test_only_titles_ids_a_date_and_names_are_required(tmp_path: Path) -> None:
    """An event with one session and no people is valid, and not filmed."""
    text = 'event:\n  id: jour\n  title: "Jour"\n  date: 2020-01-01\npeople: {}\n'
    event = one(tmp_path, text + 'sessions:\n  - id: seance\n    title: "Séance"\n')
    assert event.sessions[0].recording is None
    assert (event.recordings, event.people) == ((), ())


def test_a_plain_series_makes_its_own_id(tmp_path: Path) -> None:
    """`series: "Journées nationales"` is enough."""
    text = 'event: {id: jour, title: J, date: 2020-01-01, series: "Journées d\'été"}\n'
    assert one(tmp_path, text).series == Series("journees-d-ete", "Journées d'été")


def test_everything_missing_is_said_at_once(tmp_path: Path) -> None:
    """One look names all mistakes of all files, each with its line."""
    write(tmp_path, 'event:\n  title: "Jour"\n  date: 28/03/2017\nsessions:\n  - kind: plenary\n')
    write(tmp_path, 'event: {id: b, title: B, date: 2020-01-01, titre: "x"}\n', "b")
    found = faults(tmp_path)
    text = "\n".join(message for _, message in found)
    assert "`event` has no `id`" in text
    assert "date: 2017-03-28" in text
    assert "`session` has no `id`" in text
    assert "`session` has no `title`" in text
    assert "unknown key `titre`" in text
    assert "did you mean `title`?" in text
    assert [line for line, _ in found] == [1, 1, 3, 5, 5]


SESSION = SMALL + 'sessions:\n  - id: seance\n    title: "Séance"\n'


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        ("    speakers: [anna]\n", 6, "did you mean `ana`?"),
        ("    chair:\n      - Ana Exemple\n", 7, "did you mean `ana`?"),
        ("    speakers: [zoe-inconnue]\n", 6, "add the person under `people:`"),
        ("    speakers:\n      - ana\n      - bo\n      - ana\n", 9, "stands twice"),
        ("    start: 14h30\n", 6, 'start: "14:30"'),
        ('    start: "25:00"\n', 6, "is not a time of day"),
        ("    captures: [a.mp4]\n    from: 00:03\n    to: 1h12\n", 8, "not a time in a recording"),
        ("    captures: [a.mp4]\n    from: 05:00\n    to: 04:00\n", 8, "ends before it starts"),
        ("    captures: [a.mp4]\n    from: 05:00\n", 7, "no `to:`"),
        ("    from: 05:00\n", 6, "not filmed"),
        ("    recording: matin\n", 6, "no recording is called `matin`"),
        ("    date: 2020-01-02\n", 6, "not a day of the event"),
        ("    access: private\n", 6, "neither public, closed"),
        ("    access: public from demain\n", 6, "not a date"),
        ("    kind: table-ronde\n", 6, "round-table"),
        ("    language: français\n", 6, "language: fr"),
        ("    captures: a.mp4\n    transcripts: [a.json, b.json]\n", 7, "2 transcript(s) for 1"),
        ("    captures: [a.mp4, a.mp4]\n", 6, "already"),
        ("    room: Salle #3\n", 6, 'room: "Salle #3"'),
        ("    room: Salle : bleue\n", 6, 'room: "Salle : bleue"'),
        ("    room: [Salle, bleue]\n", 6, "should be one value"),
    ],
)
def test_a_mistake_in_a_session_is_answered_at_its_line(
    tmp_path: Path, lines: str, line: int, words: str
) -> None:
    """Each mistake gives one fault, with its line and the way out."""
    found_line, message = fault(tmp_path, SESSION + lines)
    assert words in message
    assert found_line == line
    assert f"programme.yaml:{line}:" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("event: {id: Jour 1, title: J, date: 2020-01-01}\n", "id: jour-1"),
        ("event: {id: j, title: J, date: 2020-02-30}\n", "not a day of the calendar"),
        ("event: {id: j, title: J, date: 2020-02-03, end: 2020-02-01}\n", "ends before"),
        ("event: {id: j, title: J, date: 2020-02-03, licence: CC-BY-SA}\n", "CC-BY-SA-4.0"),
        ("event: {id: j, title: J, date: 2020-02-03, licence: cc0-1.0}\n", "CC0-1.0"),
        (SMALL.replace("Ana Exemple", ""), "`person` has no `name`"),
        (SMALL.replace("Ana Exemple", " "), "`person` has no `name`"),
        (SMALL.replace('name: "Ana Exemple"', 'name: Ana, publish: "no"'), "no-name"),
        (SMALL.replace('name: "Ana Exemple"', "name: Ana, same: [bob]"), "nobody else"),
        (
            SMALL.replace(
                'name: "Ana Exemple"', "name: Ana, roles: [{role: x, organisation: ESS}]"
            ),
            "nothing under `organisations:` has the id `ESS`",
        ),
        (
            SMALL.replace('name: "Ana Exemple"', "name: A, roles: [{role: chef, adjoint}]"),
            'roles: [{role: "chef, adjoint"}]',
        ),
        (SMALL + "glossary: [PTCE : un pôle, b]\n", 'glossary: ["PTCE : un pôle", b]'),
        (SMALL + "glossary:\n  - PTCE : un pôle\n", '- "PTCE : un pôle"'),
        (SMALL + "recordings:\n  - {id: a}\n", "`recording` has no `captures`"),
        (SMALL + "sessions: [{id: a, title: A}, {id: a, title: B}]\n", "has the id `a` already"),
    ],
)
def test_a_mistake_in_a_programme_is_answered(tmp_path: Path, text: str, words: str) -> None:
    """Each mistake gives one fault with what to write instead."""
    assert words in fault(tmp_path, text)[1]


def test_licences_of_the_spdx_list_pass(tmp_path: Path) -> None:
    """Unusual identifiers are taken as they are."""
    for name in ("CC-BY-NC-SA-2.0-FR", "etalab-2.0", "MIT", "GFDL-1.3-or-later", "LAL-1.3"):
        text = f"event: {{id: j, title: J, date: 2020-01-01, licence: {name}}}\n"
        assert one(tmp_path, text).licence == name


def test_sessions_cannot_overlap_in_a_recording(tmp_path: Path) -> None:
    """Touching sessions may; overlapping ones, or one without times beside another, may not."""
    text = SMALL + "recordings: [{id: r, captures: [a.mp4]}]\nsessions:\n"
    first = '  - {id: a, title: A, recording: r, from: "00:00", to: "10:00"}\n'
    touching = '  - {id: b, title: B, recording: r, from: "10:00", to: "20:00"}\n'
    assert len(one(tmp_path, text + first + touching).sessions) == 2
    overlapping = touching.replace("10:00", "09:59")
    assert "`b` starts before `a` ends" in fault(tmp_path, text + first + overlapping)[1]
    unplaced = "  - {id: b, title: B, recording: r}\n"
    assert "has no from: and to:" in fault(tmp_path, text + first + unplaced)[1]


def test_one_id_is_one_human(tmp_path: Path) -> None:
    """One id with two unlike names is refused; alike ones are joined as spellings."""
    write(
        tmp_path, "event: {id: a, title: A, date: 2020-01-01}\npeople: {x: {name: Ana Bel}}\n", "a"
    )
    second = "event: {id: b, title: B, date: 2020-01-02}\npeople: {x: {name: NAME}}\n"
    write(tmp_path, second.replace("NAME", "Zoé Durand"), "b")
    ((line, message),) = faults(tmp_path)
    assert line == 2
    assert "`x` is Zoé Durand here and Ana Bel in" in message
    write(tmp_path, second.replace("NAME", "Anna Bell"), "b")
    later = load_events(tmp_path)[1].people[0]
    assert (later.name, later.also) == ("Ana Bel", ("Anna Bell",))


def test_people_yaml_serves_the_whole_archive(tmp_path: Path) -> None:
    """A session may name its people; a programme adds roles and spellings, never the reverse."""
    (tmp_path / "people.yaml").write_text(
        'people:\n  ana: {name: "Ana Exemple", also: [Anna]}\n  zoe: {name: Zoé}\n'
        'organisations: {RTES: "Réseau", MES: "Mouvement"}\n'
    )
    event = one(
        tmp_path,
        "event: {id: j, title: J, date: 2020-01-01}\n"
        "people: {ana: {also: [Hannah], roles: [{role: présidente, organisation: RTES}]}}\n"
        "sessions: [{id: s, title: S, speakers: [ana, zoe]}]\n",
    )
    assert [(p.id, p.name, p.also) for p in event.people] == [
        ("ana", "Ana Exemple", ("Anna", "Hannah")),
        ("zoe", "Zoé", ()),
    ]
    assert [o.id for o in event.organisations] == ["RTES"]
    (tmp_path / "people.yaml").write_text("people: {ana: {name: Ana, roles: []}}\n")
    assert any("unknown key `roles` in `person in people.yaml`" in m for _, m in faults(tmp_path))


def test_same_joins_two_ids_and_the_strictest_wish_holds(tmp_path: Path) -> None:
    """Both ids live, each knows the other, and nobody is more public than she wished once."""
    write(
        tmp_path,
        "event: {id: j, title: J, date: 2020-01-01}\n"
        "people: {laure: {name: Laure F, publish: nothing}, al: {name: Al F, same: [laure]}}\n",
    )
    (event,) = load_events(tmp_path)
    assert [(p.id, p.same, p.publish) for p in event.people] == [
        ("laure", ("al",), "nothing"),
        ("al", ("laure",), "nothing"),
    ]


def test_likely_doubles_are_told_and_not_refused(tmp_path: Path) -> None:
    """Close names under unlike ids are a warning, unless `same:` joins them."""
    people = (
        "people: {a: {name: Laure FEDERICI}, b: {name: Anne Laure Federici}, c: {name: Eric F}}\n"
    )
    text = "event: {id: j, title: J, date: 2020-01-01}\n" + people
    (double,) = likely_doubles([one(tmp_path, text)])
    assert (double.first.id, double.second.id) == ("a", "b")
    assert "same: [b]" in double.told()
    joined = text.replace("FEDERICI}", "FEDERICI, same: [b]}")
    assert likely_doubles([one(tmp_path, joined)]) == ()


@pytest.mark.parametrize(
    ("one_name", "other", "expected"),
    [
        ("Laure FEDERICI", "Anne Laure Federici", True),
        ("Éric Béasse", "Eric BEASSE", True),
        ("J. Combes", "Josette Combes", True),
        ("Jean Dupont", "Jean Durand", False),
        ("Éric Forti", "Éric Béasse", False),
    ],
)
def test_names_are_alike_word_by_word(one_name: str, other: str, expected: bool) -> None:
    """Accents, case, order and a missing first name do not make another human."""
    assert alike(one_name, other) is expected


@pytest.mark.slow
def test_a_value_of_any_other_shape_is_a_fault_or_fits(tmp_path: Path) -> None:
    """Whatever stands behind a key or a dash, reading ends in values that can be used."""
    lines = WHOLE.split("\n")
    for number, line in enumerate(lines):
        head = re.match(r"\s*(- )?([\w-]+:)? ?", line)
        assert head is not None
        for value in ("[x]", "[{a: [b]}]", "{a: b}", "[]", "[[x]]", "", "#x", "null"):
            shaped = [*lines[:number], head[0] + value, *lines[number + 1 :]]
            write(tmp_path, "\n".join(shaped))
            found = read_events(tmp_path)
            assert all(str(wrong) for wrong in found.faults)
            for event in found.events:
                assert all(cast_of(event, session) for session in event.sessions)
                likely_doubles([event])


def test_two_events_cannot_share_an_id(tmp_path: Path) -> None:
    """An id is an address: one event each."""
    write(tmp_path, SMALL, "a")
    write(tmp_path, SMALL, "b")
    assert any("stands in" in message for _, message in faults(tmp_path))


def test_a_programme_under_another_name_is_not_passed_over(tmp_path: Path) -> None:
    """programme.yml would leave an event out in silence."""
    write(tmp_path, SMALL).rename(tmp_path / "jour" / "programme.yml")
    ((_, message),) = faults(tmp_path)
    assert "rename it to programme.yaml" in message


def test_nothing_but_public_sessions_is_public(tmp_path: Path) -> None:
    """Breaks, closed sessions, later ones and what lies between sessions stay private."""
    event = one(
        tmp_path,
        SMALL + "recordings: [{id: r, captures: [a.mp4]}]\nsessions:\n"
        '  - {id: a, title: A, recording: r, from: "00:01", to: "00:10"}\n'
        '  - {id: b, title: B, recording: r, from: "00:10", to: "00:20", kind: break}\n'
        '  - {id: c, title: C, recording: r, from: "00:20", to: "00:30", access: closed}\n'
        '  - {id: d, title: D, recording: r, from: "00:35", to: "00:40",'
        " access: public from 2030-01-01}\n"
        '  - {id: e, title: E, recording: r, from: "00:50", to: "02:00"}\n',
    )
    before, after = date(2029, 12, 31), date(2030, 1, 1)
    assert [is_public(s, before) for s in event.sessions] == [True, False, False, False, True]
    assert is_public(event.sessions[3], after)
    assert public_spans(event, "r", 60_000, before) == (Span(1000, 10_000), Span(50_000, 60_000))
    assert Span(35_000, 40_000) in public_spans(event, "r", 60_000, after)
    assert public_spans(event, "other", 60_000, after) == ()


def test_the_cast_and_the_terms_of_a_session(tmp_path: Path) -> None:
    """The chair first, each with her spellings and organisations; names before glossary."""
    event = one(tmp_path, WHOLE)
    cast = cast_of(event, event.sessions[0])
    assert [member.id for member in cast.people] == ["ana-exemple", "bo-exemple"]
    assert cast.chair[0].spellings == ("Ana Exemple", "Anna Exempel")
    assert cast.chair[0].organisations == ("RTES", "Réseau des territoires")
    assert terms_of(event, event.sessions[0]) == (
        "Ana Exemple",
        "Bo Exemple",
        "RTES",
        "Réseau des territoires",
        "levier",
        "tiers-lieu",
        "PTCE",
        "MES",
        "Le Phares",
    )


def test_the_seeds_whole_day_can_be_written_down(root: Path) -> None:
    """Two acts of a series; twelve sessions, none filmed; every name of the report once."""
    tours, day = load_events(root / "tests" / "fixtures" / "seed" / "events")
    assert tours.series is not None
    assert day.series is not None
    assert (tours.series.id, tours.series.label) == (day.series.id, "Acte 1")
    assert (tours.date, day.date) == (date(2017, 3, 9), date(2017, 3, 28))
    assert Counter(session.kind for session in day.sessions) == {
        "opening": 1,
        "plenary": 4,
        "workshop": 6,
        "round-table": 1,
    }
    assert all(session.recording is None for session in day.sessions)
    assert len(day.people) == 22
    chairs = {s.id: s.chair for s in day.sessions if s.kind == "workshop"}
    assert [len(chair) for chair in chairs.values()] == [2, 2, 2, 2, 1, 1]
    assert chairs["atelier-lieux-partages"] == ("anne-laure-federici", "jean-philippe-rouchon")
    spoken = Counter(
        person for s in day.sessions for person in (*s.chair, *(p.person for p in s.speakers))
    )
    twice = {person for person, times in spoken.items() if times == 2}
    assert twice == {"josette-combes", "laurent-fraisse", "anne-laure-federici"}
    assert set(spoken) == {person.id for person in day.people}
    federici = next(person for person in day.people if person.id == "anne-laure-federici")
    assert federici.also == ("Laure Federici",)
    assert likely_doubles([tours, day]) == ()
    table = day.sessions[-1]
    assert [s.person for s in table.speakers][-1] == "anne-laure-federici"
    assert "RTES" in terms_of(day, table)
    assert "CNCRESS" in terms_of(day, table)


def test_the_seeds_people_are_those_of_its_report(root: Path, shared: Path) -> None:
    """Every name of the fixture stands in the report, in one of its spellings."""
    (report,) = shared.glob("seed-*.txt")
    text = report.read_text(encoding="utf-8").casefold().replace("-", " ")
    plain = text.replace("é", "e")
    _, day = load_events(root / "tests" / "fixtures" / "seed" / "events")
    for person in day.people:
        name = person.name.casefold().replace("-", " ")
        assert name in text or name.replace("é", "e") in plain, person.name


def test_transcripts_belong_to_the_captures_of_their_session() -> None:
    """One for each capture, or one for each that the session lies in; else it is refused."""
    captures = [Span(0, 60_000), Span(60_000, 120_000)]
    late = Session("s", "S", date(2020, 1, 1), span=Span(70_000, 90_000))
    both, one = (Path("a.json"), Path("b.json")), (Path("b.json"),)
    assert transcribed(replace(late, transcripts=both), captures) == tuple(captures)
    assert transcribed(replace(late, transcripts=one), captures) == (captures[1],)
    with pytest.raises(FileFault, match="lies in 2 capture"):
        transcribed(replace(late, span=None, transcripts=one), captures)
