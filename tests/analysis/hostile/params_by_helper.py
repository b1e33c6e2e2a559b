# params changed by a helper, then by the model_fn after layers were made
def widen(params):
    params['width'] += 1


# in the model_fn:
widen(params)
h = tf.layers.dense(h, params['width'])
params['width'] = 2
h = tf.layers.dense(h, params['width'])
