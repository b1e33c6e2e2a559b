"""Small whole programs, converted: what becomes of one construct, or why it is refused."""
