"""Runs the worker: `python -m ballotbox_worker`."""

from __future__ import annotations

import logging
import signal

from ballotbox_common import broker
from ballotbox_common.admin import AdminServer
from ballotbox_common.backoff import Backoff
from ballotbox_common.logs import configure
from ballotbox_common.settings import load_or_exit
from ballotbox_worker import database
from ballotbox_worker.settings import WorkerSettings
from ballotbox_worker.stream import VoteStream
from ballotbox_worker.worker import Worker

_REDIS_TIMEOUT_S = 5.0

_log = logging.getLogger("ballotbox_worker")


def main() -> None:
    """Read the settings, then work until SIGTERM or SIGINT."""
    settings = load_or_exit("worker", WorkerSettings)
    configure("worker", settings.log_level)
    redis = broker.connect(
        host=settings.redis_host,
        port=settings.redis_port,
        username=settings.redis_username,
        password=settings.redis_password,
        timeout_s=_REDIS_TIMEOUT_S,
    )
    worker = Worker(
        VoteStream(redis, consumer=settings.consumer),
        lambda: database.connect(
            host=settings.db_host,
            port=settings.db_port,
            name=settings.db_name,
            user=settings.db_user,
            password=settings.db_password,
            application=f"worker {settings.consumer}",
        ),
        batch_size=settings.batch_size,
        claim_idle_ms=settings.claim_idle_ms,
        forget_idle_ms=settings.forget_idle_ms,
        backoff=Backoff(base_s=0.1, cap_s=10),
    )
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: worker.stop())
    AdminServer(port=settings.admin_port, why_not_ready=worker.why_not_ready).start()
    _log.info("started", extra={"consumer": settings.consumer})
    worker.run()


if __name__ == "__main__":
    main()
