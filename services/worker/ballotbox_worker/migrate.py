"""Brings the database to this release's schema: `python -m ballotbox_worker.migrate`.

It waits while the database is away, takes an advisory lock so that one runs at a time, and applies the files of
`migrations/` that are not applied yet, all in one transaction. An applied file may never change: its checksum is kept.
"""

from __future__ import annotations

import hashlib
import logging
import re
import signal
import sys
import threading
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from ballotbox_common.backoff import Backoff
from ballotbox_common.logs import configure
from ballotbox_common.settings import load_or_exit
from ballotbox_worker import database
from ballotbox_worker.settings import MigrateSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

# Any number, as long as it is always the same one.
_LOCK = 0x62616C6C6F74
_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""

_log = logging.getLogger("ballotbox_worker.migrate")


class MigrationError(Exception):
    """The migrations and the database do not fit; a person has to look."""


@dataclass(frozen=True)
class Migration:
    """One file: its number, which is its place in the order, its name and its statements."""

    number: int
    name: str
    statements: str

    @property
    def checksum(self) -> str:
        """The SHA-256 of the statements."""
        return hashlib.sha256(self.statements.encode()).hexdigest()


def load_migrations(folder: Traversable) -> list[Migration]:
    """Read the migrations of a folder, in order.

    Raises:
        MigrationError: A file is misnamed, or two have the same number.
    """
    found: dict[int, Migration] = {}
    for entry in folder.iterdir():
        match = _FILE_NAME.fullmatch(entry.name)
        if match is None:
            if entry.name.endswith(".sql"):
                raise MigrationError(f"{entry.name}: expected a name such as 0001_votes.sql")
            continue
        number = int(match[1])
        if number in found:
            raise MigrationError(f"{entry.name}: the number {number} is taken by {found[number].name}")
        found[number] = Migration(number, match[2], entry.read_text(encoding="utf-8"))
    return [found[number] for number in sorted(found)]


def apply(connection: psycopg.Connection, migrations: Iterable[Migration], roles: Mapping[str, str]) -> list[Migration]:
    """Create or update the login roles (name to password), then apply what is missing; give what was applied.

    Everything happens in one transaction: it is done completely or not at all.

    Raises:
        MigrationError: A file was changed after it had been applied.
        psycopg.Error: The database is away, or a statement failed.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        for name, password in roles.items():
            _ensure_login(connection, name, password)
        connection.execute(_LEDGER)
        rows = connection.execute("SELECT number, checksum FROM schema_migrations").fetchall()
        applied: dict[int, str] = dict(rows)
        missing = []
        for migration in migrations:
            known = applied.pop(migration.number, None)
            if known is None:
                missing.append(migration)
            elif known != migration.checksum:
                raise MigrationError(
                    f"migration {migration.number:04} {migration.name}: the file was changed after it had been applied "
                    f"(checksum {known[:12]} in the database, {migration.checksum[:12]} here): restore it, and put the "
                    "change into a new file"
                )
        if applied:
            # During a rollback the older release meets the newer schema; refusing would stop it from starting.
            _log.warning("the database is ahead of this release", extra={"unknown": sorted(applied)})
        for migration in missing:
            connection.execute(migration.statements.encode())
            connection.execute(
                "INSERT INTO schema_migrations (number, name, checksum) VALUES (%s, %s, %s)",
                (migration.number, migration.name, migration.checksum),
            )
        return missing


def _ensure_login(connection: psycopg.Connection, name: str, password: str) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone()
    # The server gets the verifier, not the password, so that no log of statements can hold it.
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD {}").format(
            sql.SQL("ALTER" if exists else "CREATE"), sql.Identifier(name), sql.Literal(verifier)
        )
    )
    for setting, value in _LIMITS[name].items():
        connection.execute(
            sql.SQL("ALTER ROLE {} SET {} TO {}").format(
                sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)
            )
        )


# What a login may do at most, whatever it tries: a statement that hangs must not hold locks for ever.
_LIMITS = {
    "worker": {"statement_timeout": "30s", "idle_in_transaction_session_timeout": "30s"},
    "result": {"statement_timeout": "5s", "default_transaction_read_only": "on"},
}


def main() -> int:
    """Apply the migrations, waiting for the database as long as it takes; give the exit code."""
    settings = load_or_exit("migrate", MigrateSettings)
    configure("migrate", settings.log_level)
    stop = threading.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: stop.set())
    backoff = Backoff(base_s=0.2, cap_s=5)
    roles = {"worker": settings.worker_password, "result": settings.result_password}
    while not stop.is_set():
        try:
            with database.connect(
                host=settings.db_host,
                port=settings.db_port,
                name=settings.db_name,
                user=settings.db_user,
                password=settings.db_password,
                application="migrate",
            ) as connection:
                applied = apply(connection, load_migrations(files("ballotbox_worker") / "migrations"), roles)
        except psycopg.OperationalError as error:
            wait_s = backoff.next_s()
            _log.warning("the database is away", extra={"error": str(error).strip(), "wait_s": round(wait_s, 3)})
            stop.wait(wait_s)
        except (MigrationError, psycopg.Error) as error:
            _log.error("the schema could not be brought up to date", extra={"error": str(error).strip()})
            return 1
        else:
            _log.info("the schema is up to date", extra={"applied": [f"{m.number:04}_{m.name}" for m in applied]})
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
