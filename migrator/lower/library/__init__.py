"""Calls of the library by their rules: which symbol they are, their arguments, their text."""
