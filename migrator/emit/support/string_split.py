"""Cutting strings into pieces, as a sparse tensor."""

import re

import tensorflow as tf


def string_split(source, sep=" ", skip_empty=True):
    """Cuts each string at every character of `sep` and returns a SparseTensor, as `tf.string_split` did.

    `tf.strings.split` cuts where the whole of `sep` stands, keeps empty pieces and returns ragged rows. An empty `sep`
    cuts between all bytes.
    """
    source = tf.convert_to_tensor(source)
    if sep == "":
        return tf.strings.bytes_split(source).to_sparse()
    sep = " " if sep is None else sep
    if len(sep) > 1:
        source = tf.strings.regex_replace(source, f"[{re.escape(sep[1:])}]", sep[0].replace("\\", "\\\\"))
    pieces = tf.strings.split(source, sep[0])
    if skip_empty:
        pieces = tf.ragged.boolean_mask(pieces, tf.strings.length(pieces) > 0)
    return pieces.to_sparse()
