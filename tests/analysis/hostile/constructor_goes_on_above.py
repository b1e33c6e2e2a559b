# the same where the method stands above the constructor, or is called before the end, or twice
n = 5
class Net(object):
    def build(self):
        self.out = tf.layers.dense(self.t, self.n + n)

    def __init__(self, t):
        self.t = t
        self.n = 2
        self.build()
class Early(object):
    def __init__(self, t, n):
        self.t = t
        self.n = n
        self.build()
        self.n = 4
        self.last = tf.layers.dense(self.t, self.n)

    def build(self):
        self.out = tf.layers.dense(self.t, self.n) * n


# in the model_fn:
h = Net(h).out
early = Early(h, 3)
h = tf.layers.dense(early.out, 2) + tf.layers.dense(early.last, 2)
