"""A real PostgreSQL for tests: one server for the session, and a migrated database of its own for each test."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from ballotbox_worker import migrate
from harness.process import run
from harness.waiting import Seen, wait_for
from tests.fix_redis import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "only-for-tests"
OWNER = "ballotbox"
_TEMPLATE = "template_migrated"
_ROLES = {"worker": PASSWORD, "result": PASSWORD}


class PostgresServer:
    """A server of its own: `stop` and `start` again keep its data and port."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self._bin = _programs()
        # initdb, started as root, has to hand over to another user, who must be able to get there.
        self._folder = folder
        self._data = folder / "data"
        self.port = free_port()
        self._durable = durable
        self._databases = 0
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make the cluster, start it, and make the owner and the migrated template of every test's database."""
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
        words = ("-D", self._data, "-U", "postgres", "--auth-host=scram-sha-256", "--auth-local=trust", "--no-sync")
        run(["setpriv", *_unprivileged(), self._bin / "initdb", *words], cwd=self._folder)
        self.start()
        with self.superuser() as connection:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD {}").format(_name(OWNER), PASSWORD))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(_name(_TEMPLATE), _name(OWNER)))
        with self.connect(_TEMPLATE, OWNER) as connection:
            migrate.apply(connection, migrate.load_migrations(files("ballotbox_worker") / "migrations"), _ROLES)

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._folder,
            "fsync": "on" if self._durable else "off",
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self._folder / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(
                # If the tests are killed, it ends with them.
                ["setpriv", "--pdeathsig", "QUIT", *_unprivileged(), self._bin / "postgres", "-D", self._data, *words],
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )
        wait_for(f"PostgreSQL on port {self.port}", self._look, timeout_s=60, interval_s=0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT cuts every connection and shuts down, SIGQUIT is as a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=30)
            self._process = None

    def superuser(self, database: str = "postgres") -> psycopg.Connection:
        """Connect as the superuser, by the local socket as in the image."""
        return psycopg.connect(
            host=str(self._folder), port=self.port, user="postgres", dbname=database, autocommit=True
        )

    def connect(self, database: str, user: str) -> psycopg.Connection:
        """Connect as one of the login roles."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=user, password=PASSWORD, dbname=database, autocommit=True
        )

    def new_database(self) -> Database:
        """Copy the migrated template."""
        self._databases += 1
        name = f"ballotbox_{self._databases}"
        with self.superuser() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(_name(name), _name(OWNER), _name(_TEMPLATE))
            )
        database = Database(self, name)
        # Rights on the database itself are not copied with a template.
        with database.connect(OWNER) as connection:
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(_name(name)))
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO worker, result").format(_name(name)))
        return database

    def empty_database(self) -> Database:
        """Make a database without any schema, owned as in the image."""
        self._databases += 1
        name = f"empty_{self._databases}"
        with self.superuser() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(_name(name), _name(OWNER)))
        return Database(self, name)

    def _look(self) -> Seen:
        assert self._process is not None
        if self._process.poll() is not None:
            pytest.fail(f"postgres ended: {(self._folder / 'postgres.log').read_text()[-500:]}", pytrace=False)
        try:
            self.superuser().close()
        except psycopg.OperationalError as error:
            return Seen(done=False, state=str(error))
        return Seen(done=True, state="it answers")


class Database:
    """One database of a server, and short ways to look at it."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self.server = server
        self.name = name

    @property
    def environment(self) -> dict[str, str]:
        """The DB_* settings of a service, but for the user."""
        return {
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(self.server.port),
            "DB_NAME": self.name,
            "DB_PASSWORD": PASSWORD,
        }

    def connect(self, user: str) -> psycopg.Connection:
        """Connect as one of the login roles, in autocommit mode."""
        return self.server.connect(self.name, user)

    def tally(self) -> dict[str, int]:
        """Give the tally as PostgreSQL keeps it."""
        with self.connect(OWNER) as connection:
            return dict(connection.execute("SELECT choice, count FROM tally ORDER BY choice").fetchall())

    def recount(self) -> dict[str, int]:
        """Give the tally counted from the votes."""
        with self.connect(OWNER) as connection:
            rows = connection.execute("SELECT choice, count(*) FROM votes GROUP BY choice").fetchall()
        return {"a": 0, "b": 0} | dict(rows)

    def votes(self) -> dict[str, str]:
        """Give each voter's choice."""
        with self.connect(OWNER) as connection:
            return dict(connection.execute("SELECT voter_id, choice FROM votes").fetchall())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Give the server that the tests share; it is not to be stopped."""
    with _server() as server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """Give a server of this test's own, running, which it may stop and start."""
    with _server() as server:
        yield server


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[Database]:
    """Give a migrated, empty database of this test's own."""
    made = postgres_server.new_database()
    yield made
    with postgres_server.superuser() as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(_name(made.name)))


@contextlib.contextmanager
def _server() -> Iterator[PostgresServer]:
    # Not below pytest's own folder: the next pytest that starts closes that one to every user but its own.
    with tempfile.TemporaryDirectory(prefix="ballotbox-postgres-") as folder:
        server = PostgresServer(Path(folder))
        try:
            server.create()
            yield server
        finally:
            server.stop(signal.SIGQUIT)


def _unprivileged() -> list[str]:
    """Give the words for setpriv that leave root: PostgreSQL refuses to run as root."""
    return ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else ["--no-new-privs"]


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).parent
    if not found:
        pytest.fail("initdb: no such program: install the Debian package postgresql", pytrace=False)
    return found[-1].parent


def _name(name: str) -> sql.Identifier:
    return sql.Identifier(name)


def pytest_report_header() -> str:
    """Tell which PostgreSQL the tests meet."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        return "postgres: not installed (Debian package postgresql)"
    said = subprocess.run([found[-1], "--version"], capture_output=True, text=True, check=False)
    return f"postgres: {said.stdout.strip()}"
