"""Reports of one run: terminal, HTML, JUnit and JSON, all from the same `Run`."""
