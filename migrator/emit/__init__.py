"""Writing: source fragments, classes, imports, the support module."""
