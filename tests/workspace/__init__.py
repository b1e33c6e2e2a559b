"""Files: discovery, encodings, diagnosis, atomic writes, undo, copies."""
