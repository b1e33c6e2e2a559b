# a tensor kept in a dictionary of which nothing is known, under a key that it has already
# in the model_fn:
cfg_kept = params.copy()
cfg_kept['width'] = tf.reduce_mean(h)
h = tf.layers.dense(h, 3) * cfg_kept['width']
