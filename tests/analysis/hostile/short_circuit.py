# an operand that may never be evaluated makes a layer
# in the model_fn:
extra = params['deep'] and tf.layers.dense(h, 4)
if params['deep']:
    h = extra
