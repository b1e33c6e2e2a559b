"""What the lowering knows of a program: its context, which calls own layers, the body being split."""
