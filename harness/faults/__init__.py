"""Faults on purpose: each breaks the source where a cluster test guards it, and that test has to fail."""
