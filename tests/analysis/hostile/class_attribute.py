# a class attribute written later
class Config(object):
    width = 3


# in the model_fn:
Config.width = 5
h = tf.layers.dense(h, Config.width)
