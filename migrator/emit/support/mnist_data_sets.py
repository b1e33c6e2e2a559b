"""The handwritten digits as TensorFlow 1's tutorials read them."""

import keras
import numpy as np


class DataSet:
    """Images and labels of one part of a data set, with `next_batch` for loops that draw batches by hand."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels
        self.num_examples = len(images)
        self.epochs_completed = 0
        self._next = 0
        self._order = np.random.permutation(len(images))

    def next_batch(self, batch_size, shuffle=True):
        """Returns the next images and labels; each pass over the data has an order of its own."""
        chosen = []
        while len(chosen) < batch_size:
            order = self._order if shuffle else np.arange(self.num_examples)
            taken = order[self._next : self._next + batch_size - len(chosen)]
            chosen.extend(taken)
            self._next += len(taken)
            if self._next >= self.num_examples:
                self.epochs_completed += 1
                self._next = 0
                self._order = np.random.permutation(self.num_examples)
        return self.images[chosen], self.labels[chosen]


class DataSets:
    """The parts `train`, `validation` and `test`."""

    def __init__(self, train, validation, test):
        self.train, self.validation, self.test = train, validation, test


def mnist_data_sets(one_hot=False, reshape=True, validation_size=5000):
    """Returns MNIST split as `read_data_sets` split it: pixels from 0 to 1, the first examples for validation.

    Args:
        one_hot: Labels as rows of zeros and a one instead of numbers.
        reshape: Images as rows of 784 pixels instead of 28 x 28 x 1.
        validation_size: How many of the training examples are for validation.
    """
    (train_images, train_labels), (test_images, test_labels) = keras.datasets.mnist.load_data()

    def part(images, labels):
        images = images.astype("float32") / 255
        labels = np.eye(10)[labels] if one_hot else labels
        return DataSet(images.reshape(len(images), 784) if reshape else images[..., None], labels)

    return DataSets(
        part(train_images[validation_size:], train_labels[validation_size:]),
        part(train_images[:validation_size], train_labels[:validation_size]),
        part(test_images, test_labels),
    )
