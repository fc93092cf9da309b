"""Tries network paths from where it runs and says what it saw; standard library only."""
