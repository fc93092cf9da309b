"""The reports of one verdict: terminal, SARIF, JUnit, OpenReports, Markdown and HTML."""
