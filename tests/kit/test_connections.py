"""A connection from the pool works, whatever happened to it meanwhile, and costs no question while it is in use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text

from app.kit import connections


@pytest.fixture
def engine(servers: dict[str, str]) -> Iterator[Engine]:
    made = create_engine(servers["database"], pool_size=2)
    connections.watch(made)
    yield made
    made.dispose()


@pytest.fixture
def asked(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The connections that were asked whether they live."""
    found: list[object] = []
    ask = engine.dialect.do_ping
    monkeypatch.setattr(engine.dialect, "do_ping", lambda connection: found.append(connection) or ask(connection))
    return found


def _pid(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("select pg_backend_pid()")))


def test_a_connection_in_use_is_not_asked(engine: Engine, asked: list[object]) -> None:
    assert _pid(engine) == _pid(engine) == _pid(engine)
    assert asked == []


def test_one_that_lay_idle_is_asked(engine: Engine, asked: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    first = _pid(engine)
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0)

    assert (_pid(engine), len(asked)) == (first, 1)


def test_connections_that_the_server_has_closed_are_replaced_unseen(engine: Engine, servers: dict[str, str]) -> None:
    with engine.connect() as one, engine.connect() as other:
        pids = {connection.scalar(text("select pg_backend_pid()")) for connection in (one, other)}
    outsider = create_engine(servers["database"])
    with outsider.connect() as connection:
        for pid in pids:
            assert connection.scalar(text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    outsider.dispose()

    with engine.connect() as one, engine.connect() as other:
        again = {connection.scalar(text("select pg_backend_pid()")) for connection in (one, other)}

    assert len(again) == 2
    assert not again & pids
