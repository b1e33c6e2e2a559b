# a tensor that one method keeps on its object, and another reads that the constructor calls later
class Net(object):
    def __init__(self, t):
        self.t = t
        self.first()
        self.out = self.second()

    def first(self):
        self.h = tf.layers.dense(self.t, 3)

    def second(self):
        return tf.layers.dense(self.h, 3)


# in the model_fn:
h = Net(h).out
