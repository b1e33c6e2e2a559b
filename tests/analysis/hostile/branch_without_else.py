# one of two branches binds what is read behind them, and a loop leaves its last
# in the model_fn:
if params['width'] == 99:
    k = 2.0
    r = 3
elif params['depth'] < 99:
    k = 3.0
    r = 5
for n in [3, r]:
    v = tf.layers.dense(h, n)
h = tf.layers.dense(v, 4) * k
