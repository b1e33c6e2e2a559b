"""The verifier under mutation: wrong variants of the migrated fixtures, an independent oracle, and what is caught."""
