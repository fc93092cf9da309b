"""What all services of Ballotbox share: settings, logs, admin server, back-off, and the look of the pages."""
