"""Small tables whose first line counts them."""

import collections
import csv

import numpy as np
import tensorflow as tf


def csv_with_header(filename, target_dtype, features_dtype, target_column=-1):
    """Returns `data` and `target` of a file that starts with a line `rows,columns,...`.

    Args:
        filename: The path of the file.
        target_dtype: The type of the targets.
        features_dtype: The type of the features.
        target_column: Where the target stands in a row.
    """
    with tf.io.gfile.GFile(filename) as file:
        rows = csv.reader(file)
        count, width = [int(number) for number in next(rows)[:2]]
        data = np.zeros((count, width), dtype=features_dtype)
        target = np.zeros((count,), dtype=target_dtype)
        for index, row in enumerate(rows):
            target[index] = np.asarray(row.pop(target_column), dtype=target_dtype)
            data[index] = np.asarray(row, dtype=features_dtype)
    return collections.namedtuple("Dataset", ["data", "target"])(data, target)
