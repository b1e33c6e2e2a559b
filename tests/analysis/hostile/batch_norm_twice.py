# one batch norm, used with the statistics of the batch and with the moving ones
def norm_twice(t, name):
    one = tf.layers.batch_normalization(t, training=True, name=name)
    two = tf.layers.batch_normalization(t, training=False, name=name, reuse=True)
    return one + 2.0 * two


# in the model_fn:
for norm_index in range(params['depth']):
    h = norm_twice(h, 'norm_%d' % norm_index)
