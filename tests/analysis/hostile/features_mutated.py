# a feature replaced in place
# in the model_fn:
features['x'] = 2.0 * features['x']
h = tf.concat([h, features['x']], 1)
