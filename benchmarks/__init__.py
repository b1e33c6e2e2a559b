"""What the tool costs, and how fast the programs train that it writes: `python -m benchmarks`."""
