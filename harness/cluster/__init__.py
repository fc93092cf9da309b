"""Clusters: one protocol, pytest-kubernetes' `AClusterManager`, and the providers behind it."""
