"""Migrations against a real PostgreSQL."""

from __future__ import annotations

import threading
from importlib.resources import files
from typing import TYPE_CHECKING

import psycopg
import pytest

from ballotbox_worker.migrate import Migration, MigrationError, apply, load_migrations
from tests.fix_postgres import OWNER, PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fix_postgres import Database, PostgresServer

ROLES = {"worker": PASSWORD, "result": PASSWORD}


@pytest.fixture
def empty(postgres_server: PostgresServer) -> Database:
    """Give a database without a schema."""
    return postgres_server.empty_database()


def ours() -> list[Migration]:
    """Read the migrations that the image carries."""
    return load_migrations(files("ballotbox_worker") / "migrations")


def test_applies_everything_once(empty: Database) -> None:
    """A second run finds nothing to do."""
    with empty.connect(OWNER) as connection:
        first = apply(connection, ours(), ROLES)
        second = apply(connection, ours(), ROLES)
    assert [migration.number for migration in first] == [1, 2]
    assert second == []


def test_two_at_once_do_not_collide(empty: Database) -> None:
    """Four migrations that start together apply each file exactly once."""
    applied: list[int] = []

    def migrate() -> None:
        with empty.connect(OWNER) as connection:
            applied.extend(migration.number for migration in apply(connection, ours(), ROLES))

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == [1, 2]


def test_refuses_a_file_that_changed(empty: Database) -> None:
    """An applied file that was edited is named, and nothing of the run remains."""
    with empty.connect(OWNER) as connection:
        apply(connection, [Migration(1, "one", "CREATE TABLE one ()")], ROLES)
        with pytest.raises(MigrationError, match="0001 one: the file was changed"):
            apply(connection, [Migration(1, "one", "CREATE TABLE uno ()"), Migration(2, "two", "SELECT 1")], ROLES)
        assert connection.execute("SELECT count(*) FROM schema_migrations").fetchone() == (1,)


def test_applies_nothing_when_one_fails(empty: Database) -> None:
    """A failing file takes those before it back with it."""
    with empty.connect(OWNER) as connection:
        with pytest.raises(psycopg.errors.SyntaxError):
            apply(connection, [Migration(1, "one", "CREATE TABLE one ()"), Migration(2, "two", "NONSENSE")], ROLES)
        assert connection.execute("SELECT to_regclass('one')").fetchone() == (None,)


def test_lets_an_older_release_meet_a_newer_schema(empty: Database) -> None:
    """A rollback finds migrations it does not know and goes on."""
    with empty.connect(OWNER) as connection:
        apply(connection, [Migration(1, "one", "SELECT 1"), Migration(2, "two", "SELECT 1")], ROLES)
        assert apply(connection, [Migration(1, "one", "SELECT 1")], ROLES) == []


def test_names_a_misnamed_file(tmp_path: Path) -> None:
    """A file whose place in the order nobody can tell is an error, not ignored."""
    (tmp_path / "votes.sql").touch()
    with pytest.raises(MigrationError, match=r"votes\.sql: expected a name such as 0001_votes\.sql"):
        load_migrations(tmp_path)


def test_names_a_number_taken_twice(tmp_path: Path) -> None:
    """Two files with one number are an error."""
    (tmp_path / "0001_a.sql").touch()
    (tmp_path / "0001_b.sql").touch()
    with pytest.raises(MigrationError, match="the number 1 is taken"):
        load_migrations(tmp_path)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("worker", "DELETE FROM votes"),
        ("worker", "TRUNCATE votes"),
        ("worker", "UPDATE votes SET voter_id = 'x'"),
        ("worker", "SELECT * FROM tally"),
        ("worker", "UPDATE tally SET count = 9"),
        ("worker", "SELECT change_tally(5, 0)"),
        ("worker", "CREATE TABLE mine ()"),
        ("worker", "CREATE TEMPORARY TABLE mine ()"),
        ("worker", "SELECT * FROM schema_migrations"),
        ("result", "SELECT * FROM votes"),
        ("result", "SET TRANSACTION READ WRITE; UPDATE tally SET count = 9"),
        ("result", "SET TRANSACTION READ WRITE; INSERT INTO votes VALUES ('x', 'a', 1, 0, now())"),
        ("result", "SET TRANSACTION READ WRITE; CREATE TABLE mine ()"),
        ("result", "SET TRANSACTION READ WRITE; UPDATE tally_revision SET revision = 0"),
    ],
)
def test_a_role_may_do_no_more_than_its_work(database: Database, role: str, statement: str) -> None:
    """What a role does not need, PostgreSQL refuses for lack of a right."""
    with database.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_result_may_read_the_tally(database: Database) -> None:
    """The right that the result page needs is there."""
    with database.connect("result") as connection:
        assert connection.execute("SELECT a, b FROM current_tally").fetchone() == (0, 0)


def test_a_new_password_takes_effect(empty: Database) -> None:
    """A rotated Secret is applied by the next run."""
    with empty.connect(OWNER) as connection:
        apply(connection, ours(), {"worker": "another", "result": PASSWORD})
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            empty.connect("worker")
        apply(connection, ours(), ROLES)
    empty.connect("worker").close()
