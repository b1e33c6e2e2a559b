"""Tables between texts and numbers, by their order in a list or a file."""

import tensorflow as tf


def index_table(vocabulary, num_oov_buckets=0, default_value=-1, size=None):
    """A table from keys to their places, as `tf.contrib.lookup.index_table_from_tensor` and `..._from_file` made it.

    Args:
        vocabulary: The keys in order, or the path of a file with one per line.
        num_oov_buckets: How many places after the last one unknown keys share, by their fingerprint.
        default_value: The place of unknown keys where they share none.
        size: How many lines of the file count. None: all.
    """
    if isinstance(vocabulary, str):
        whole, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
        initializer = tf.lookup.TextFileInitializer(vocabulary, tf.string, whole, tf.int64, number, vocab_size=size)
    else:
        keys = tf.convert_to_tensor(vocabulary)
        keys = tf.cast(keys, tf.int64) if keys.dtype.is_integer else keys
        initializer = tf.lookup.KeyValueTensorInitializer(keys, tf.range(tf.size(keys, tf.int64), dtype=tf.int64))
    if num_oov_buckets:
        return tf.lookup.StaticVocabularyTable(initializer, num_oov_buckets)
    return tf.lookup.StaticHashTable(initializer, default_value)


def text_table(vocabulary, default_value="UNK", size=None):
    """A table from places to keys, as `tf.contrib.lookup.index_to_string_table_from_tensor` or `..._file` made it.

    Args:
        vocabulary: The keys in order, or the path of a file with one per line.
        default_value: The key of places that there are not.
        size: How many lines of the file count. None: all.
    """
    if isinstance(vocabulary, str):
        whole, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
        initializer = tf.lookup.TextFileInitializer(vocabulary, tf.int64, number, tf.string, whole, vocab_size=size)
    else:
        keys = tf.convert_to_tensor(vocabulary)
        initializer = tf.lookup.KeyValueTensorInitializer(tf.range(tf.size(keys, tf.int64), dtype=tf.int64), keys)
    return tf.lookup.StaticHashTable(initializer, default_value)
