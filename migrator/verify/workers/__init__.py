"""The worker side: runs in the runtimes' interpreters (Python 3.7 too) and imports nothing of the tool but itself."""
