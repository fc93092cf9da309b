"""What the result page reads from its environment."""

from __future__ import annotations

from dataclasses import dataclass

from ballotbox_common import settings


@dataclass(frozen=True)
class ResultSettings:
    """The settings of the result page; field comments name what is not obvious."""

    choice_a: str = settings.text("CHOICE_A", "Cats", at_most=40)
    choice_b: str = settings.text("CHOICE_B", "Dogs", at_most=40)
    db_host: str = settings.text("DB_HOST", "db")
    db_port: int = settings.port("DB_PORT", 5432)
    db_name: str = settings.text("DB_NAME", "ballotbox")
    db_user: str = settings.text("DB_USER", "result")
    db_password: str = settings.secret("DB_PASSWORD")
    http_port: int = settings.port("HTTP_PORT", 8080)
    admin_port: int = settings.port("ADMIN_PORT", 9090)
    # Pages of other hosts that may open the WebSocket, as https://host; our own host always may.
    allowed_origins: tuple[str, ...] = settings.words("ALLOWED_ORIGINS")
    max_connections: int = settings.integer("MAX_CONNECTIONS", 1000, at_least=1, at_most=100_000)
    vote_url: str = settings.web_address("VOTE_URL")
    # Seconds to go on serving after the preStop hook called /drain: four until the readiness probe has failed, as many
    # until every proxy has heard of it.
    linger_s: int = settings.integer("LINGER_S", 8, at_least=0, at_most=300)
    log_level: str = settings.level()
