"""The analysis core: what every expression of a model_fn can be, in which mode, and when it becomes known."""
