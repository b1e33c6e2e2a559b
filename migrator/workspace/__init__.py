"""Everything that touches the user's files: which ones, how they are encoded, and how they are changed and restored."""
