"""What the vote page counts. Never who voted for what: that is in the database alone."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

ACKNOWLEDGED = Counter("ballotbox_votes_acknowledged_total", "Votes that Redis has stored durably.")
REFUSED = Counter("ballotbox_votes_refused_total", "Posts that were not counted, by status code.", ["status"])
STORE_SECONDS = Histogram(
    "ballotbox_vote_store_seconds",
    "Seconds from sending a vote to Redis to its answer.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
