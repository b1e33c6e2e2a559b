# a change of a list inside the call that makes a layer, the list read again when the model is called
# in the model_fn:
widths_left = [3, 4]
h = tf.layers.dense(h, widths_left.pop(0))
h = h * len(widths_left)
