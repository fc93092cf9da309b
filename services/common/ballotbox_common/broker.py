"""The Redis that carries votes: the names of its streams, the shape of an entry, and how a service connects."""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

STREAM = "votes"
GROUP = "workers"
DEAD_LETTERS = "votes:dead"
CHOICES = ("a", "b")

VOTER_ID = "voter_id"
CHOICE = "choice"
AT = "at"


def connect(
    *,
    host: str,
    port: int,
    username: str,
    password: str,
    timeout_s: float,
    retries: int = 0,
    max_connections: int | None = None,
) -> Redis:
    """Give a client; it connects when it is first used.

    It says nothing on a connection but HELLO's or AUTH's minimum, so that an ACL of a few commands suffices.

    Args:
        host: Where Redis is.
        port: Its port.
        username: Who we are to its ACL.
        password: The password of that user.
        timeout_s: Seconds that one command may take, and that connecting may take.
        retries: How often a command is sent again at once after a broken connection. 1 is right where a command may be
            applied twice: it hides the connections that a restart of Redis left dead in the pool.
        max_connections: The most connections at a time; without it there is no limit.
    """
    return Redis(
        host=host,
        port=port,
        username=username,
        password=password,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), retries, supported_errors=(RedisConnectionError,)),
        max_connections=max_connections,
        decode_responses=True,
        encoding_errors="backslashreplace",  # a poison entry may hold any bytes and has to be read to be set aside
        protocol=2,
        driver_info=None,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
