# a constructor that goes on in methods, which read and set what it keeps
class Net(object):
    def __init__(self, t, training):
        self.t = t
        self.n = 2
        self.training = training
        self.build()
        self.finish()

    def build(self):
        t = tf.layers.dense(self.t, self.n)
        self.n = 3
        self.hidden = tf.layers.dropout(t, 0.5, training=self.training)

    def finish(self):
        n = self.n + 1
        self.out = tf.layers.dense(self.hidden, self.n) + tf.layers.dense(self.t, n - 1)


# in the model_fn:
h = Net(h, mode == 'train').out
