"""What the worker measures."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

APPLIED = Counter("ballotbox_votes_applied_total", "Votes that became a voter's latest vote.")
SUPERSEDED = Counter("ballotbox_votes_superseded_total", "Votes that a later one had outdone, duplicates included.")
DEAD_LETTERED = Counter("ballotbox_votes_dead_lettered_total", "Entries that can never be written.")
CLAIMED = Counter("ballotbox_entries_claimed_total", "Entries taken over from a worker that did not finish them.")
TRIMMED = Counter("ballotbox_entries_trimmed_total", "Acknowledged entries deleted from the stream.")
BATCH_SECONDS = Histogram(
    "ballotbox_batch_seconds",
    "Seconds from reading a batch to its acknowledgement.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
BATCH_VOTES = Histogram(
    "ballotbox_batch_votes", "Entries in a batch.", buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)
)
LAG = Gauge("ballotbox_stream_lag", "Entries that no worker has read yet.")
PENDING = Gauge("ballotbox_stream_pending", "Entries read and not acknowledged yet.")
LENGTH = Gauge("ballotbox_stream_length", "Entries in the stream.")
FAILURES = Counter("ballotbox_worker_failures_total", "Rounds that ended because a back end failed.", ["backend"])
