"""A model_fn as a Keras model: its class, loss, metrics, optimizer, builder and weight map."""
