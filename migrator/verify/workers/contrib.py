"""A stand-in for tf.contrib on TensorFlow 2.15: layers and slim from tf-slim, the rest from compat.v1 or written here.

What is not here raises AttributeError with the advice to use the tf1 runtime.
"""

# ruff: noqa: B905 -- zip() has no `strict` in Python 3.7

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
import types
from typing import Any, Dict, Iterable

from . import contrib_heads, learn
from .hparams import HParams


class _Part(types.ModuleType):
    """One module of contrib. A missing name says where it can still be had."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        raise AttributeError(
            "%s.%s is not in TensorFlow 2.15 nor in this stand-in: use the runtime tf1 (TensorFlow 1.15)"
            % (self.__name__, name)
        )


def build(tf: Any) -> types.ModuleType:
    """The module tf.contrib; `tf` is the facade that presents compat.v1."""
    slim = importlib.import_module("tf_slim")
    _place_legacy_layers()
    learned, predictor = learn.parts(tf, _part)
    return _part(
        "tensorflow.contrib",
        {
            "slim": slim,
            "layers": _layers(tf, slim),
            "framework": _framework(tf, slim),
            "rnn": _rnn(tf),
            "keras": _keras(tf),
            "learn": learned,
            "predictor": predictor,
            "training": _training(),
            "data": _data(tf),
            "tpu": _tpu(tf),
            "metrics": _metrics(tf),
            "losses": _take("tensorflow.contrib.losses", importlib.import_module("tf_slim.losses.loss_ops")),
            "estimator": _part("tensorflow.contrib.estimator", _estimator(tf)),
            "lookup": _part("tensorflow.contrib.lookup", _lookup(tf)),
            "cluster_resolver": _part(
                "tensorflow.contrib.cluster_resolver",
                {"TPUClusterResolver": tf.distribute.cluster_resolver.TPUClusterResolver},
            ),
        },
    )


def _place_legacy_layers() -> None:
    """tf-slim's batch_norm asks for the layers of a package tf_keras; with Keras 2.15 they are inside keras."""
    if importlib.util.find_spec("tf_keras") is not None:
        return
    sys.modules["tf_keras"] = importlib.import_module("keras")
    for part in ("", ".base", ".convolutional", ".core", ".normalization", ".pooling"):
        layers = importlib.import_module("keras.src.legacy_tf_layers" + part)
        sys.modules["tf_keras.legacy_tf_layers" + part] = layers


def _part(name: str, names: Dict[str, Any]) -> types.ModuleType:
    part = _Part(name)
    part.__dict__.update(names, __path__=[])
    return part


def _take(name: str, *sources: Any) -> types.ModuleType:
    found: Dict[str, Any] = {}
    for source in sources:
        found.update((n, getattr(source, n)) for n in dir(source) if not n.startswith("_"))
    return _part(name, found)


def _keras(tf: Any) -> types.ModuleType:
    """contrib.keras is tf.keras before its move; programs also reach it through its private path."""
    keras = _take("tensorflow.contrib.keras", tf.keras)
    keras.__dict__["python"] = _part("tensorflow.contrib.keras.python", {"keras": tf.keras})
    return keras


def _layers(tf: Any, slim: Any) -> types.ModuleType:
    parts = ("layers", "normalization", "regularizers", "initializers", "summaries", "optimizers")
    layers = _take("tensorflow.contrib.layers", *[importlib.import_module("tf_slim.layers." + p) for p in parts])
    layers.__dict__.update(
        embed_sequence=functools.partial(_embed_sequence, tf),
        embedding_lookup_unique=functools.partial(_embedding_lookup_unique, tf),
        # The names under which contrib exported these functions.
        conv1d=layers.convolution1d,
        xavier_initializer_conv2d=layers.xavier_initializer,
        relu=functools.partial(layers.fully_connected, activation_fn=tf.nn.relu),
        relu6=functools.partial(layers.fully_connected, activation_fn=tf.nn.relu6),
        linear=functools.partial(layers.fully_connected, activation_fn=None),
    )
    return layers


def _embed_sequence(
    tf: Any,
    ids: Any,
    vocab_size: Any = None,
    embed_dim: Any = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: Any = None,
) -> Any:
    """Looks ids up in the variable `embeddings` of the scope `EmbedSequence`."""
    if not (reuse or (vocab_size and embed_dim)):
        raise ValueError("Must specify vocab size and embedding dimension when not reusing. Got vocab_size=%s and "
                         "embed_dim=%s" % (vocab_size, embed_dim))  # fmt: skip
    with tf.variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        shape = None if vocab_size is None or embed_dim is None else [vocab_size, embed_dim]
        table = tf.get_variable(
            "embeddings", shape=shape, initializer=initializer, regularizer=regularizer, trainable=trainable
        )
        return _embedding_lookup_unique(tf, table, ids) if unique else tf.nn.embedding_lookup(table, ids)


def _embedding_lookup_unique(tf: Any, params: Any, ids: Any, partition_strategy: str = "mod", name: Any = None) -> Any:
    """An embedding lookup that fetches a repeated id only once."""
    ids = tf.convert_to_tensor(ids)
    unique, places = tf.unique(tf.reshape(ids, [-1]))
    rows = tf.gather(tf.nn.embedding_lookup(params, unique, partition_strategy=partition_strategy), places)
    found = tf.reshape(rows, tf.concat([tf.shape(ids), tf.shape(rows)[1:]], 0))
    found.set_shape(ids.get_shape().concatenate(rows.get_shape()[1:]))
    return found


def _framework(tf: Any, slim: Any) -> types.ModuleType:
    variables = importlib.import_module("tf_slim.ops.variables")
    nest = importlib.import_module("tensorflow.python.util.nest")
    framework = _take("tensorflow.contrib.framework", variables)
    framework.__dict__.update(
        arg_scope=slim.arg_scope,
        add_arg_scope=slim.add_arg_scope,
        get_or_create_global_step=tf.train.get_or_create_global_step,
        get_global_step=tf.train.get_global_step,
        create_global_step=tf.train.create_global_step,
        load_checkpoint=tf.train.load_checkpoint,
        load_variable=tf.train.load_variable,
        list_variables=tf.train.list_variables,
        init_from_checkpoint=tf.train.init_from_checkpoint,
        is_tensor=tf.is_tensor,
        nest=nest,
        sort=tf.sort,
        argsort=tf.argsort,
    )
    return framework


def _rnn(tf: Any) -> types.ModuleType:
    cells = _take("tensorflow.contrib.rnn", tf.nn.rnn_cell)
    cells.__dict__.update(
        static_rnn=tf.nn.static_rnn,
        static_bidirectional_rnn=tf.nn.static_bidirectional_rnn,
        stack_bidirectional_dynamic_rnn=functools.partial(_stack_bidirectional, tf),
    )
    return cells


def _stack_bidirectional(
    tf: Any,
    cells_fw: Iterable[Any],
    cells_bw: Iterable[Any],
    inputs: Any,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: Any = None,
    time_major: bool = False,
    scope: Any = None,
) -> Any:
    """Several bidirectional layers, each reading the concatenated outputs of the one below."""
    states_fw, states_bw = [], []
    with tf.variable_scope(scope or "stack_bidirectional_rnn"):
        for index, (forward, backward) in enumerate(zip(cells_fw, cells_bw)):
            with tf.variable_scope("cell_%d" % index):
                outputs, (state_fw, state_bw) = tf.nn.bidirectional_dynamic_rnn(
                    forward,
                    backward,
                    inputs,
                    initial_state_fw=initial_states_fw[index] if initial_states_fw else None,
                    initial_state_bw=initial_states_bw[index] if initial_states_bw else None,
                    sequence_length=sequence_length,
                    parallel_iterations=parallel_iterations,
                    dtype=dtype,
                    time_major=time_major,
                )
                inputs = tf.concat(outputs, 2)
            states_fw.append(state_fw)
            states_bw.append(state_bw)
    return inputs, tuple(states_fw), tuple(states_bw)


def _estimator(tf: Any) -> Dict[str, Any]:
    experimental = tf.estimator.experimental
    hooks = ["stop_if_%s_hook" % kind for kind in ("no_increase", "no_decrease", "higher", "lower")]
    found = {"add_metrics": tf.estimator.add_metrics, **{name: getattr(experimental, name) for name in hooks}}
    found.update(contrib_heads.heads(tf))
    found["forward_features"] = functools.partial(_forward_features, tf)
    return found


def _forward_features(tf: Any, estimator: Any, keys: Any = None, sparse_default_values: Any = None) -> Any:
    """An Estimator that predicts features too, all or those of some keys, and exports them with its predictions."""
    if sparse_default_values is not None:
        raise NotImplementedError("the stand-in for forward_features knows no sparse_default_values")

    def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
        spec = estimator.model_fn(features, labels, mode, config)
        wanted = [keys] if isinstance(keys, str) else list(features) if keys is None else keys
        if spec.predictions is None:
            return spec
        more = {key: features[key] for key in wanted}
        spec.predictions.update(more)
        output = (spec.export_outputs or {}).get("predict")
        if isinstance(output, tf.estimator.export.PredictOutput):
            output.outputs.update(more)
        return spec

    return tf.estimator.Estimator(model_fn=model_fn, model_dir=estimator.model_dir, config=estimator.config)


def _training() -> types.ModuleType:
    name = "tensorflow.contrib.training"
    below = _part(name + ".python.training", {"hparam": _part(name + ".python.training.hparam", {"HParams": HParams})})
    slim = importlib.import_module("tf_slim.training.training")
    parts = {"HParams": HParams, "python": _part(name + ".python", {"training": below})}
    return _part(name, {**parts, "create_train_op": slim.create_train_op})


def _data(tf: Any) -> types.ModuleType:
    experimental = tf.data.experimental
    names = ["AUTOTUNE", "CsvDataset", "bucket_by_sequence_length", "ignore_errors", "make_csv_dataset"]
    names += ["map_and_batch", "parallel_interleave", "prefetch_to_device", "sample_from_datasets", "unbatch"]
    found = {name: getattr(experimental, name) for name in names if hasattr(experimental, name)}
    found.update(
        # Resolved late: the capture replaces Dataset.shuffle by the order of the data.
        shuffle_and_repeat=lambda buffer_size, count=None, seed=None: (
            lambda d: d.shuffle(buffer_size, seed=seed).repeat(count)
        ),
        batch_and_drop_remainder=lambda batch_size: lambda d: d.batch(batch_size, drop_remainder=True),
        padded_batch_and_drop_remainder=lambda batch_size, padded_shapes, padding_values=None: (
            lambda d: d.padded_batch(batch_size, padded_shapes, padding_values, drop_remainder=True)
        ),
        Dataset=tf.data.Dataset,
        TFRecordDataset=tf.data.TFRecordDataset,
        TextLineDataset=tf.data.TextLineDataset,
        Iterator=tf.data.Iterator,
    )
    return _part("tensorflow.contrib.data", found)


def _tpu(tf: Any) -> types.ModuleType:
    names = ("TPUEstimator", "TPUEstimatorSpec", "RunConfig", "TPUConfig", "InputPipelineConfig")
    found = {name: getattr(tf.estimator.tpu, name) for name in names}
    found.update(
        CrossShardOptimizer=tf.tpu.CrossShardOptimizer,
        bfloat16_scope=tf.tpu.bfloat16_scope,
        TPUClusterResolver=tf.distribute.cluster_resolver.TPUClusterResolver,
    )
    return _part("tensorflow.contrib.tpu", found)


def _metrics(tf: Any) -> types.ModuleType:
    streaming = {"streaming_" + name: getattr(tf.metrics, name) for name in dir(tf.metrics) if not name.startswith("_")}
    # The streaming metrics took (predictions, labels); only `mean`, which takes one tensor, can be passed on.
    return _part("tensorflow.contrib.metrics", {"streaming_mean": streaming["streaming_mean"]})


def _lookup(tf: Any) -> Dict[str, Any]:
    found = {}
    for name in ("KeyValueTensorInitializer", "StaticHashTable", "StaticVocabularyTable", "TextFileInitializer"):
        if hasattr(tf.lookup, name):
            found[name] = getattr(tf.lookup, name)
    found["HashTable"] = tf.lookup.StaticHashTable
    ops = importlib.import_module("tensorflow.python.ops.lookup_ops")
    found["index_table_from_file"] = ops.index_table_from_file
    found["index_to_string_table_from_file"] = ops.index_to_string_table_from_file
    # contrib's name for the list of words is another one
    found["index_table_from_tensor"] = lambda mapping, *a, **k: ops.index_table_from_tensor(mapping, *a, **k)
    found["index_to_string_table_from_tensor"] = lambda mapping, *a, **k: ops.index_to_string_table_from_tensor(
        mapping, *a, **k
    )
    return found
