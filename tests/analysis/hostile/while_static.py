# a while over known numbers
# in the model_fn:
n = params['width']
while n > 2:
    h = tf.layers.dense(h, n)
    n -= 2
