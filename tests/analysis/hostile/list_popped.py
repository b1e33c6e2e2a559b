# a change of a list inside an assignment whose own name nobody reads
# in the model_fn:
widths_left = [3, 4]
width_first = widths_left.pop(0)
h = tf.layers.dense(h, widths_left[0])
