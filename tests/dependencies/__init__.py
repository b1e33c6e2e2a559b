"""Dependency files before and after a conversion."""
