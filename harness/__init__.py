"""Ballotbox's harness: brings a cluster up, deploys to it, and proves what the platform promises."""
