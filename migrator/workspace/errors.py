"""Errors that stop a run before anything is written; the command line shows their text and exits with 2."""

from __future__ import annotations


class WorkspaceError(Exception):
    """The request cannot be carried out as given. The text says what to do instead."""
