"""From the analysed program to Keras source: one module per part of a model."""
