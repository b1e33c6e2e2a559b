# an attribute written by name
class Box(object):
    def __init__(self, n):
        self.n = n


# in the model_fn:
box = Box(3)
setattr(box, 'n', 4)
h = tf.layers.dense(h, getattr(box, 'n'))
