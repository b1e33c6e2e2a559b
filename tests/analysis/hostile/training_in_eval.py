# dropout that is on in EVAL too
# in the model_fn:
active = mode != tf.estimator.ModeKeys.PREDICT
h = tf.layers.dropout(h, 0.3, training=active)
