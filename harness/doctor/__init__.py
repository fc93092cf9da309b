"""Says what a machine has and lacks for each provider of clusters, and how to mend it."""

from harness.doctor.command import require

__all__ = ["require"]
