"""What the result page measures."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

CONNECTIONS = Gauge("ballotbox_websocket_connections", "Pages connected now.")
REFUSED = Counter("ballotbox_websocket_refused_total", "WebSockets refused, by reason.", ["reason"])
BROADCASTS = Counter("ballotbox_broadcasts_total", "Messages sent to all connected pages.")
NOTIFIED = Counter(
    "ballotbox_tallies_notified_total", "Tallies that PostgreSQL told of; several may share a broadcast."
)
LOST = Counter("ballotbox_listen_lost_total", "Times the database could not be followed.")
