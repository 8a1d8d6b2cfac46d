"""The embedded servers: start, share, survive, stop, and leave nothing behind."""

import errno
import json
import os
import shutil
import signal
import socket as socket_module
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from launcher import lifelines, ports, unprivileged
from launcher.locks import is_held
from launcher.paths import ROOT
from launcher.postgres import Cluster
from launcher.servers import EmbeddedServerError, Postgres, embedded_postgres, embedded_redis
from launcher.unprivileged import Account

Eventually = Callable[..., bool]


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A new folder; pytest's own have long names."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


HOLDER = """
import sys, time
from pathlib import Path
from launcher.servers import embedded_redis
handle = embedded_redis(Path(sys.argv[1]), durable=True)
print(handle.url, flush=True)
time.sleep(60)
"""


def cluster_in(folder: Path) -> Cluster:
    """One that runs as ourselves, not made yet."""
    return Cluster(folder, folder / "data", folder, Account(os.geteuid(), os.getegid(), dropped=False))


def connect(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(url.replace("+psycopg", ""))


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    directory = tmp_path_factory.mktemp("servers") / "postgres"
    with embedded_postgres(directory, durable=False) as server:
        yield server
    # As root the cluster lies elsewhere: pytest's own folders are closed to other accounts.
    shutil.rmtree(unprivileged.fallback_path(directory), ignore_errors=True)


def test_the_application_role_owns_its_database_and_is_no_superuser(postgres: Postgres) -> None:
    with connect(postgres.url) as connection:
        role = connection.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        connection.execute("CREATE TABLE proof (id int)")

    assert role == ("kuaidan", False, False, False)


def test_trigrams_know_chinese(postgres: Postgres) -> None:
    with connect(postgres.url) as connection:
        found = connection.execute("SELECT '快单商家' % '快单', '快单商家' % '后台'").fetchone()

    assert found == (True, False)


def test_a_new_database_has_trigrams_too(postgres: Postgres) -> None:
    with psycopg.connect(postgres.admin_url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute("CREATE DATABASE another OWNER kuaidan")

    with connect(postgres.url_of("another")) as connection:
        assert connection.execute("SELECT '快单' % '快单'").fetchone() == (True,)


def test_it_is_reached_through_a_socket_that_is_closed_to_others(postgres: Postgres) -> None:
    with connect(postgres.url) as connection:
        address = connection.execute("SELECT inet_client_addr()").fetchone()

    assert address == (None,)
    assert Path(postgres.sockets).stat().st_mode & 0o777 == 0o700


def test_without_a_socket_it_is_reached_by_its_port(postgres: Postgres) -> None:
    with connect(replace(postgres, sockets="").url) as connection:
        address = connection.execute("SELECT host(inet_client_addr())").fetchone()

    assert address == ("127.0.0.1",)


@pytest.mark.parametrize(("length", "has_socket"), [(84, True), (85, False)])
def test_a_folder_whose_name_is_too_long_has_no_socket(short_folder: Path, length: int, has_socket: bool) -> None:
    folder = short_folder / ("长" + "x" * (length - len(os.fsencode(short_folder)) - 4))
    folder.mkdir()

    assert cluster_in(folder).open_sockets() == (str(folder / "sockets") if has_socket else "")


@pytest.mark.parametrize(("name", "has_socket"), [("a b%2F", True), ("a,b", False), ('a"b', False)])
def test_a_folder_that_reads_like_a_list_of_folders_has_no_socket(
    short_folder: Path, name: str, has_socket: bool
) -> None:
    folder = short_folder / name
    folder.mkdir()

    assert cluster_in(folder).open_sockets() == (str(folder / "sockets") if has_socket else "")


def test_a_file_system_without_sockets_is_no_obstacle(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*address: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr("socket.socket.bind", refuse)

    assert cluster_in(short_folder).open_sockets() == ""


@pytest.mark.parametrize("user", ["kuaidan", "postgres"])
def test_no_one_enters_without_the_password(postgres: Postgres, user: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(
            host="127.0.0.1",
            port=postgres.settings.port,
            user=user,
            password="guess",
            dbname="kuaidan",
        )


def test_secrets_are_readable_by_their_owner_only(postgres: Postgres) -> None:
    assert (postgres.directory / "settings.json").stat().st_mode & 0o777 == 0o600


def test_redis_keeps_its_data_and_its_port_over_a_restart(tmp_path: Path) -> None:
    with embedded_redis(tmp_path) as first:
        redis.Redis.from_url(first.url).set("kept", "yes")
    assert not first.is_alive()

    with embedded_redis(tmp_path) as second:
        assert second.url == first.url
        assert redis.Redis.from_url(second.url).get("kept") == b"yes"


def test_redis_refuses_strangers(tmp_path: Path) -> None:
    with (
        embedded_redis(tmp_path, durable=False) as server,
        pytest.raises(redis.AuthenticationError),
    ):
        redis.Redis(port=server.settings.port, retry=Retry(NoBackoff(), 0)).ping()


def test_a_second_user_joins_and_the_last_one_ends_it(tmp_path: Path) -> None:
    first = embedded_redis(tmp_path, durable=False)
    second = embedded_redis(tmp_path, durable=False)

    first.close()
    assert second.url == first.url
    assert redis.Redis.from_url(second.url).ping()

    second.close()
    assert not second.is_alive()
    assert not is_held(tmp_path / "keeper.lock")


def test_a_port_taken_meanwhile_is_replaced(tmp_path: Path) -> None:
    with embedded_redis(tmp_path, durable=False) as before:
        pass
    with ports_taken(before.settings.port), embedded_redis(tmp_path, durable=False) as after:
        assert after.settings.port != before.settings.port
        assert redis.Redis.from_url(after.url).ping()


def ports_taken(port: int) -> "socket_module.socket":
    listener = socket_module.socket()
    listener.setsockopt(socket_module.SOL_SOCKET, socket_module.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


def test_the_server_ends_when_its_only_user_is_killed(tmp_path: Path, eventually: Eventually) -> None:
    holder = start_holder(tmp_path)
    server = json.loads((tmp_path / "running.json").read_text())
    assert lifelines.identity(server["pid"]) == server["identity"]

    holder.kill()
    holder.wait()

    assert eventually(lambda: lifelines.identity(server["pid"]) == "")
    assert eventually(lambda: not is_held(tmp_path / "keeper.lock"))


def test_a_server_whose_keeper_was_killed_is_replaced(tmp_path: Path, eventually: Eventually) -> None:
    holder = start_holder(tmp_path)
    running = json.loads((tmp_path / "running.json").read_text())
    os.kill(running["keeper"], signal.SIGKILL)
    assert eventually(lambda: not is_held(tmp_path / "keeper.lock"))

    with embedded_redis(tmp_path) as server:
        assert redis.Redis.from_url(server.url).ping()
        assert json.loads((tmp_path / "running.json").read_text())["pid"] != running["pid"]
        holder.kill()
        holder.wait()

    assert lifelines.identity(running["pid"]) == ""


def start_holder(directory: Path) -> "subprocess.Popen[str]":
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert holder.stdout is not None
    with holder.stdout:
        assert holder.stdout.readline().startswith("redis://")
    return holder


def test_a_server_that_cannot_start_says_why(tmp_path: Path, eventually: Eventually) -> None:
    (tmp_path / "data").write_text("not a folder")

    with pytest.raises(EmbeddedServerError, match=r"redis did not start: .*File exists"):
        embedded_redis(tmp_path)

    assert eventually(lambda: not is_held(tmp_path / "keeper.lock"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must drop its rights")
def test_root_puts_the_cluster_where_its_account_can_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    directory = closed / "postgres"
    folder = unprivileged.fallback_folder(directory)
    try:
        with (
            embedded_postgres(directory, durable=False) as server,
            connect(server.url) as connection,
        ):
            assert connection.execute("SELECT 1").fetchone() == (1,)
            assert server.note == f"The database lies in {folder}/data: its account cannot enter {directory}."
        assert (folder / "data" / "PG_VERSION").exists()
        assert (folder / "data").stat().st_uid != 0
    finally:
        shutil.rmtree(folder)


def test_a_free_port_is_found_beside_a_taken_one() -> None:
    with ports_taken(ports.any_free_port()) as listener:
        taken = listener.getsockname()[1]

        assert not ports.is_free(taken)
        assert taken < ports.next_free_port(taken) <= taken + 100
