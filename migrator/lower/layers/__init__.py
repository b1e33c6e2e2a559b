"""What becomes a layer or a variable: cells, recurrent networks, dropout, sizes known late, reuse."""
