# parameters changed in place
# in the model_fn:
params['width'] += 1
h = tf.layers.dense(h, params['width'])
