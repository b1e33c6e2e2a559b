# a method without layers changes what a later one builds
class Net(object):
    def __init__(self):
        self.n = 3
    def widen(self):
        self.n = 6
    def __call__(self, t):
        return tf.layers.dense(t, self.n)


# in the model_fn:
net_object = Net()
net_object.widen()
h = net_object(h)
