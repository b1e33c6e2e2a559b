"""Tests of the analysis core: commented facts, execution against fakes, random programs, soundness switches."""
