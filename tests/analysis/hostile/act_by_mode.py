# an activation chosen by the mode
# in the model_fn:
act = tf.nn.relu if mode == 'train' else tf.nn.tanh
h = tf.layers.dense(h, 4, activation=act)
