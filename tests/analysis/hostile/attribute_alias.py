# two names of one object
class Box(object):
    def __init__(self, n):
        self.n = n


# in the model_fn:
box = Box(3)
same = box
same.n = 6
h = tf.layers.dense(h, box.n)
