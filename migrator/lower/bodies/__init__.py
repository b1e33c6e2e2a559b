"""Function bodies split in two halves: what is known at construction, and what runs on every call."""
