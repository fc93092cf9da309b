"""The result page: the tally, live, over a WebSocket."""
