# a size computed from the mode
# in the model_fn:
n = 4 if mode == 'train' else 4 + 0
h = tf.layers.dense(h, n)
