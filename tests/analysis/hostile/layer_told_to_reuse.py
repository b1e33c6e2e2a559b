# a layer that is told itself to reuse
# in the model_fn:
told_one = tf.layers.dense(h, 4, name='told')
told_two = tf.layers.dense(h * 2.0, 4, name='told', reuse=True)
h = told_one - 2.0 * told_two
