# the variables of a layer, used with what looks like the same argument
# in the model_fn:
act_b = tf.nn.relu
one_c = tf.layers.dense(h, 4, activation=act_b, name='rebound')
act_b = None
two_c = tf.layers.dense(h, 4, activation=act_b, name='rebound', reuse=True)
h = one_c + 2.0 * two_c
