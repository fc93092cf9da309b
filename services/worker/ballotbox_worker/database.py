"""How the worker and its migrations connect to PostgreSQL, so that a dead peer is noticed within seconds."""

from __future__ import annotations

import psycopg

# Of the kernel: probe an idle connection after 5 s, give up after three probes or 10 s without an acknowledgement.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-KEEPALIVES
_LIVENESS = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def connect(*, host: str, port: int, name: str, user: str, password: str, application: str) -> psycopg.Connection:
    """Open a connection in autocommit mode: transactions are written down where they are meant.

    Raises:
        psycopg.OperationalError: The database is away or refuses us.
    """
    return psycopg.connect(
        host=host,
        port=port,
        dbname=name,
        user=user,
        password=password,
        application_name=application,
        autocommit=True,
        **_LIVENESS,  # type: ignore[arg-type]  # connection parameters, all of them numbers
    )
