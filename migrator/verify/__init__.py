"""Proof by running: the legacy and the migrated program are captured, replayed and compared."""
