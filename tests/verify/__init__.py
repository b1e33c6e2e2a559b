"""The verifier: its parts without TensorFlow, and pairs of programs in the real runtimes (marker `runtime`)."""
