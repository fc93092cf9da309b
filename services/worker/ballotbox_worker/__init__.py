"""The worker: it takes votes from the Redis stream into PostgreSQL, each exactly once in effect."""
