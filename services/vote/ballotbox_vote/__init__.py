"""The vote page: it takes a vote, has Redis store it durably, and only then says so."""
