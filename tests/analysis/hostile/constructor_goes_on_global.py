# a method that reads a name of the file, which the constructor uses for something else
n = 3
class Net(object):
    def __init__(self, t, n):
        self.t = t
        self.m = n
        self.build()

    def build(self):
        self.out = tf.layers.dense(self.t, n) * self.m


# in the model_fn:
h = Net(h, 2).out
