# made under a flag, used under the same flag later
# in the model_fn:
if params['deep']:
    extra = tf.layers.dense(h, 4)
h = tf.layers.dense(h, 4)
if params['deep']:
    h = h + extra
