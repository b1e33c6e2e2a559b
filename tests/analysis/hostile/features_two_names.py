# the features under two names, one of which is changed
# in the model_fn:
other_features = features
other_features['x'] = features['x'] + 1.0
h = tf.concat([h, tf.layers.dense(features['x'], 3)], 1)
