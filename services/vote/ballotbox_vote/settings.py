"""What the vote page reads from its environment."""

from __future__ import annotations

from dataclasses import dataclass

from ballotbox_common import settings


@dataclass(frozen=True)
class VoteSettings:
    """The settings of the vote page; field comments name what is not obvious."""

    choice_a: str = settings.text("CHOICE_A", "Cats", at_most=40)
    choice_b: str = settings.text("CHOICE_B", "Dogs", at_most=40)
    redis_host: str = settings.text("REDIS_HOST", "redis")
    redis_port: int = settings.port("REDIS_PORT", 6379)
    redis_username: str = settings.text("REDIS_USERNAME", "vote")
    redis_password: str = settings.secret("REDIS_PASSWORD")
    redis_timeout_ms: int = settings.integer("REDIS_TIMEOUT_MS", 2000, at_least=10, at_most=60_000)
    cookie_key: str = settings.secret("COOKIE_KEY", at_least_bytes=32)
    # True behind HTTPS: the cookie is then sent over nothing else, and bound to this host.
    cookie_secure: bool = settings.flag("COOKIE_SECURE", default=False)
    http_port: int = settings.port("HTTP_PORT", 8080)
    admin_port: int = settings.port("ADMIN_PORT", 9090)
    # Votes that wait for Redis at the same time; Redis makes them durable with one fsync.
    threads: int = settings.integer("THREADS", 32, at_least=1, at_most=512)
    # Seconds that requests under way may take after SIGTERM.
    drain_s: int = settings.integer("DRAIN_S", 15, at_least=1, at_most=300)
    result_url: str = settings.web_address("RESULT_URL")
    # Seconds to go on serving after the preStop hook called /drain: four until the readiness probe has failed, as many
    # until every proxy has heard of it.
    linger_s: int = settings.integer("LINGER_S", 8, at_least=0, at_most=300)
    log_level: str = settings.level()
