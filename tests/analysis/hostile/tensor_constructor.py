# layers made by a constructor
class Net(object):
    def __init__(self, t):
        self.out = tf.layers.dense(t, 4)
        self.logits = tf.layers.dense(self.out, 3)


# in the model_fn:
built = Net(h)
h = built.logits + tf.layers.dense(built.out, 3)
