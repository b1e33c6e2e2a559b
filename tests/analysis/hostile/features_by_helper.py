# a helper changes the features themselves; the caller reads them under the name they had
def normed_features(values):
    values['x'] = values['x'] * 0.5


# in the model_fn:
normed_features(features)
h = tf.concat([h, tf.layers.dense(features['x'], 3)], 1)
normed_features(features)
h = h * tf.reduce_mean(features['x'])
