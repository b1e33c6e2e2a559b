# a tensor that one method keeps on its object and another reads
class Net(object):
    def __init__(self, t):
        self.t = t
        self.out = self.first() + self.second()

    def first(self):
        self.t = tf.layers.dense(self.t, 3)
        return self.t

    def second(self):
        return tf.layers.dense(self.t, 3)


# in the model_fn:
h = Net(h).out
