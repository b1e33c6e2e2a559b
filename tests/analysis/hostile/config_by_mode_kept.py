# a configuration that is no copy: what one graph sets, the next one reads
class Config(object):
    def __init__(self):
        self.width = 3
        self.scale = 2
CONFIG = Config()
# in the model_fn:
if mode == 'train':
    CONFIG.scale = 5
h = tf.layers.dense(h, CONFIG.width) * CONFIG.scale
