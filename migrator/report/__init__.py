"""The ledger told to machines and to people: JSON, HTML, Markdown, SARIF, GitHub annotations, terminal."""
