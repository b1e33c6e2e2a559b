# layers of a function, and of an object, whose results nothing reads: their variables exist all the same
class Net(object):
    def __init__(self, t):
        self.hidden = tf.layers.dense(t, 3)
        self.pooled = tf.layers.dense(self.hidden, 2)
def head(t):
    extra = tf.layers.dense(t, 2)
    return tf.layers.dense(t, 3)


# in the model_fn:
h = head(Net(h).hidden)
