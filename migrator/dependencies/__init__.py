"""Dependencies: where a project says which TensorFlow it runs on, and what becomes of it when its code is converted."""
