"""A cluster trusts nobody by itself: answers are checked, strangers are refused, runs survive."""

from __future__ import annotations

import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from conftest import PLENARY, ROOT, archive_of
from stations import (
    IDENTITY,
    LIES,
    free_port,
    is_alive,
    let_go,
    liar,
    said,
    site,
    stranger,
    task,
    wait_for,
)

from archive.errors import CaptureFault, ClusterFault, Faults
from pipeline.config import Run, load_settings
from pipeline.executors import dask as dask_executor
from pipeline.executors.dask import Dask
from pipeline.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Archive
    from stations import Site

# Who may work for whom.


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a scheduler with one honest station that has a GPU."""
    with site(tmp_path_factory.mktemp("marks")) as here:
        here.station(resources={"GPU": 1})
        here.ready(1)
        yield here
        let_go(here.marks)


@pytest.mark.slow
def test_a_false_answer_is_refused_noted_and_asked_for_again(tmp_path: Path) -> None:
    """Told once, the block is done again; told twice, it is set aside with what was wrong."""
    with site(tmp_path) as here:
        here.station(liar)
        here.ready(1)
        for lie in LIES:
            notes: list[str] = []
            with here.executor(notes) as executor:
                (tmp_path / "lies").write_text(lie)
                assert said(executor.submit(task(900)).result(timeout=300)) == "vrai"
                (tmp_path / "lies").write_text(f"{lie} {lie}")
                with pytest.raises(CaptureFault, match="its answer was refused"):
                    executor.submit(task(900)).result(timeout=300)
            assert len(notes) == 3, lie
            assert all(note.startswith("an answer was refused: ") for note in notes)


@pytest.mark.slow
def test_what_no_worker_offers_is_refused_at_once(shared: Site) -> None:
    """Within five seconds, with what is missing and what is there; what is offered is used."""
    with shared.executor(resources={"GPU": 1}) as executor:
        assert said(executor.submit(task(900)).result(timeout=300)) == "900"
    assert dask_executor._PATIENCE_S < 5
    with (
        shared.executor(resources={"GPU": 2}) as executor,
        pytest.raises(ClusterFault, match=r"all of: GPU=2.* station-1 offers GPU=1"),
    ):
        executor.submit(task(900))


@pytest.mark.slow
def test_another_version_or_model_is_refused_on_both_sides(shared: Site, tmp_path: Path) -> None:
    """No block is given to a station that differs; one that hides it refuses the block itself."""
    other = Dask(
        Run(scheduler=shared.address), "another model", Progress(StringIO()), list[str]().append
    )
    with other, pytest.raises(ClusterFault, match=f"another model.*offers.*{IDENTITY}"):
        other.submit(task(900))
    with site(tmp_path) as here:
        here.station(stranger, identity="another model")
        here.ready(1)
        with here.executor() as executor, pytest.raises(ClusterFault, match="has another model"):
            executor.submit(task(900)).result(timeout=300)


# Certificates, and what goes off this machine.


def _certificates(folder: Path) -> Path:
    """Make an authority and a machine's certificate with the commands of docs/scaling.md."""
    text = (ROOT / "docs" / "scaling.md").read_text("utf-8")
    (commands,) = re.findall(r"```sh\n(openssl.*?)```", text, re.DOTALL)
    folder.mkdir()
    subprocess.run(["sh", "-ec", commands], cwd=folder, check=True, capture_output=True)
    return folder / "salle-2"


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@pytest.mark.slow
@needs_openssl
def test_tls_lets_in_who_shows_a_certificate_and_nobody_else(tmp_path: Path) -> None:
    """With certificates made as documented it works; without, or with another's, nobody enters."""
    ours, theirs = _certificates(tmp_path / "ours"), _certificates(tmp_path / "theirs")
    with site(tmp_path, ours, stations=1) as here:
        with here.executor() as executor:
            assert said(executor.submit(task(900)).result(timeout=300)) == "900"
        for address, certificates in (
            (here.address, theirs),
            (here.address.replace("tls", "tcp"), None),
        ):
            run = Run(scheduler=address, certificates=certificates)
            stranger = Dask(run, IDENTITY, Progress(StringIO()), list[str]().append)
            with stranger, pytest.raises(ClusterFault, match="no scheduler answers"):
                stranger.warm()


APART = """\
ip address add 10.99.0.1/32 dev lo
ip link set lo up
exec "$@"
"""

OFF_LOOPBACK = """\
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from stations import IDENTITY, said, task, site
import stations
stations.HOST = "10.99.0.1"

if __name__ == "__main__":
    with site(Path({marks!r}), Path({certificates!r}), stations=1) as here:
        with here.executor() as executor:
            print(said(executor.submit(task(900)).result(timeout=300)))
        import asyncio
        from distributed import Worker
        async def enter():
            try:
                async with Worker(here.address.replace("tls", "tcp"), death_timeout=2):
                    print("let in")
            except Exception as error:
                print("refused:", type(error).__name__)
        asyncio.run(enter())
        from distributed import Client
        from pipeline.executors.wire import security
        safe = security(here.address, Path({certificates!r}))
        with Client(here.address, security=safe) as client:
            print(len(client.scheduler_info()["workers"]), "worker")
"""


@pytest.mark.slow
@needs_openssl
def test_off_this_machine_a_worker_without_tls_is_not_let_in(tmp_path: Path) -> None:
    """In a network of its own: ours refuses to speak in the clear, and a plain one stays out."""
    if subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody make a network of his own")
    apart = ["unshare", "-n", "sh", "-ec", APART, "sh"]
    ours = subprocess.run(
        [*apart, PLENARY, "worker", "tcp://10.99.0.1:8786"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ours.returncode == 2
    assert "only TLS is spoken" in ours.stderr
    script = tmp_path / "apart.py"
    marks, certificates = str(tmp_path), str(_certificates(tmp_path / "ours"))
    tests = str(ROOT / "tests")
    script.write_text(OFF_LOOPBACK.format(tests=tests, marks=marks, certificates=certificates))
    tried = subprocess.run(
        [*apart, sys.executable, script], capture_output=True, text=True, check=False, timeout=300
    )
    told = [line for line in tried.stdout.splitlines() if line.startswith(("9", "re", "let", "1"))]
    assert told == ["900", "refused: TimeoutError", "1 worker"], tried.stdout + tried.stderr


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("scheduler: tcp://192.168.1.10:8786", "only TLS is spoken"),
        ("scheduler: tls://192.168.1.10:8786", "needs certificates"),
        ("scheduler: salle-2", "no address of a scheduler"),
        ("resources: GPU", "no resource and its number"),
    ],
)
def test_the_configuration_refuses_what_is_not_safe(
    tmp_path: Path, written: str, sentence: str
) -> None:
    """Speaking in the clear off this machine is refused before anything is said."""
    config = tmp_path / "config.yaml"
    config.write_text(f"run:\n  executor: dask\n  {written}\n", "utf-8")
    with pytest.raises(Faults) as caught:
        load_settings(config)
    (fault,) = caught.value.errors
    assert sentence in str(fault)
    assert fault.line == 3


def test_the_configuration_says_where_and_what(tmp_path: Path) -> None:
    """Scheduler, certificates (seen from the file) and resources are read; tcp stays at home."""
    config = tmp_path / "config.yaml"
    config.write_text(
        "run:\n  executor: dask\n  scheduler: tls://salle-1:8786\n"
        "  certificates: ./certificates\n  resources: [GPU=1, DISK=2]\n",
        "utf-8",
    )
    run = load_settings(config).run
    assert run.certificates == tmp_path / "certificates"
    assert (run.scheduler, run.resources) == ("tls://salle-1:8786", {"GPU": 1, "DISK": 2})
    config.write_text("run: {executor: dask}\n", "utf-8")
    assert load_settings(config).run.scheduler == "tcp://127.0.0.1:8786"


# The commands, with the bundled event and its model.


@pytest.mark.slow
def test_a_killed_run_goes_on_and_leaves_nothing(second: Archive, tmp_path: Path) -> None:
    """SIGKILL of the coordinator: the cluster forgets its work, the next run ends the same.

    Interrupted, the cluster ends, and its workers and their recognisers with it.
    """
    archive = _clustered(tmp_path)
    with _cluster(archive) as cluster:
        words = [str(PLENARY), "--config", str(archive.config), "run"]
        run = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        wait_for(lambda: archive.recorded("words") or run.poll() is not None)
        run.kill()
        run.wait()
        before = archive.recorded("words")
        assert before
        done = archive.plenary("run")
        assert done.returncode == 0, done.stderr
        assert "worker-1  " in done.stderr
        assert {key: archive.recorded("words")[key] for key in before} == before
        children = _below(cluster.pid)
        assert len(children) >= 4
        cluster.send_signal(signal.SIGINT)
        assert cluster.wait(timeout=300) == 0
        wait_for(lambda: not any(map(is_alive, children)))
    assert _turns(archive) == _turns(second)
    absent = archive.plenary("run", "--dry-run")
    assert absent.stdout == "0 recordings are due\n"


@pytest.mark.slow
def test_without_a_scheduler_a_run_says_so_and_calls_nothing_failed(tmp_path: Path) -> None:
    """It ends with 2 and the next step; no recording is to blame."""
    archive = _clustered(tmp_path)
    run = archive.plenary("run")
    assert run.returncode == 2
    assert "no scheduler answers" in run.stderr
    assert "plenary cluster" in run.stderr
    with closing(sqlite3.connect(archive.data / "work.db")) as db:
        assert db.execute("SELECT COUNT(*) FROM failures").fetchone() == (0,)


def _clustered(folder: Path) -> Archive:
    archive = archive_of(folder, ROOT / "demo" / "second" / "events")
    with archive.config.open("a", encoding="utf-8") as file:
        file.write("media:\n  web_copy: false\nrun:\n  executor: dask\n")
        file.write(f"  scheduler: tcp://127.0.0.1:{free_port()}\n")
    return archive


@contextmanager
def _cluster(archive: Archive) -> Iterator[subprocess.Popen[str]]:
    """Run `plenary cluster` until both its workers are ready and its dashboard is shown."""
    port = str(free_port())
    words = [str(PLENARY), "--config", str(archive.config), "cluster", "--dashboard", port]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdout=pipe, stderr=subprocess.STDOUT, text=True) as cluster:
        try:
            assert cluster.stdout is not None
            told = ""
            while told.count(": ready, ") < 2:
                line = cluster.stdout.readline()
                assert line, told
                told += line
            (link,) = re.findall(r"dashboard: (http://127\.0\.0\.1:\d+/status)", told)
            with urlopen(link, timeout=30) as page:
                assert b"Bokeh" in page.read()
            yield cluster
        finally:
            cluster.kill()


def _turns(archive: Archive) -> list[tuple[object, ...]]:
    public = (archive.data / "public" / "archive.db").resolve()
    with closing(sqlite3.connect(f"{public.as_uri()}?immutable=1", uri=True)) as db:
        return [
            row
            for table in ("turns", "passages")
            for row in db.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall()
        ]


def _below(pid: int) -> list[int]:
    """Return the numbers of the processes that a process started, and that they started."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for each in lists for child in each.read_text("ascii").split()]
    return [*children, *(below for child in children for below in _below(child))]
