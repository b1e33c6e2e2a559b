"""The tests of migrate; one package per room."""
