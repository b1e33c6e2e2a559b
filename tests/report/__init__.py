"""Reports made from a ledger."""
