# a nonlocal function is exchanged
# in the model_fn:
act = tf.nn.relu
def flip():
    nonlocal act
    act = tf.nn.tanh
flip()
h = act(h)
