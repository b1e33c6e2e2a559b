# a parameter popped
# in the model_fn:
n = params.pop('scale')
h = n * tf.layers.dense(h, 4)
