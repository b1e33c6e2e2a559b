"""Reading: one module of this room is one view of the code (text, syntax, names, project)."""
