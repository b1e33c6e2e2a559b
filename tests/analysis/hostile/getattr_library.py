# library functions read by name
# in the model_fn:
h = getattr(tf.nn, params['act'])(h)
h = getattr(tf.layers, 'dense')(h, 4)
