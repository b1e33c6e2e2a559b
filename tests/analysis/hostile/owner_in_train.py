# variables of one mode only
# in the model_fn:
if mode == tf.estimator.ModeKeys.TRAIN:
    h = h + tf.layers.dense(h, h.shape[-1].value)
