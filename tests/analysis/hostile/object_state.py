# a method that changes its object
class Net(object):
    def __init__(self):
        self.n = 3
    def __call__(self, t):
        self.n += 1
        return tf.layers.dense(t, self.n)


# in the model_fn:
net_object = Net()
h = net_object(h)
h = net_object(h)
