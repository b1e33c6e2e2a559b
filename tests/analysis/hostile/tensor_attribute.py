# a tensor kept on the object between two methods
class Net(object):
    def first(self, t):
        self.hidden = tf.layers.dense(t, 4)
    def second(self):
        return tf.layers.dense(self.hidden, 5)


# in the model_fn:
net_object = Net()
net_object.first(h)
h = net_object.second()
