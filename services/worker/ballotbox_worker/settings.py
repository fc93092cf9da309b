"""What the worker and its migrations read from their environment."""

from __future__ import annotations

from dataclasses import dataclass

from ballotbox_common import settings


@dataclass(frozen=True)
class WorkerSettings:
    """The settings of the worker; field comments name what is not obvious."""

    redis_host: str = settings.text("REDIS_HOST", "redis")
    redis_port: int = settings.port("REDIS_PORT", 6379)
    redis_username: str = settings.text("REDIS_USERNAME", "worker")
    redis_password: str = settings.secret("REDIS_PASSWORD")
    db_host: str = settings.text("DB_HOST", "db")
    db_port: int = settings.port("DB_PORT", 5432)
    db_name: str = settings.text("DB_NAME", "ballotbox")
    db_user: str = settings.text("DB_USER", "worker")
    db_password: str = settings.secret("DB_PASSWORD")
    # The name in the consumer group. A pod's name: a restarted container finds what it had not finished.
    consumer: str = settings.text("HOSTNAME", "worker")
    batch_size: int = settings.integer("BATCH_SIZE", 500, at_least=1, at_most=10_000)
    # After how long a batch that nobody acknowledged is taken from whoever read it.
    claim_idle_ms: int = settings.integer("CLAIM_IDLE_MS", 10_000, at_least=100, at_most=3_600_000)
    # After how long a consumer that holds nothing and asks for nothing is taken off the group's list.
    forget_idle_ms: int = settings.integer("FORGET_IDLE_MS", 300_000, at_least=1000, at_most=86_400_000)
    admin_port: int = settings.port("ADMIN_PORT", 9090)
    log_level: str = settings.level()


@dataclass(frozen=True)
class MigrateSettings:
    """The settings of the migrations, which run as the database's owner."""

    db_host: str = settings.text("DB_HOST", "db")
    db_port: int = settings.port("DB_PORT", 5432)
    db_name: str = settings.text("DB_NAME", "ballotbox")
    db_user: str = settings.text("DB_USER", "ballotbox")
    db_password: str = settings.secret("DB_PASSWORD")
    worker_password: str = settings.secret("WORKER_DB_PASSWORD")
    result_password: str = settings.secret("RESULT_DB_PASSWORD")
    log_level: str = settings.level()
