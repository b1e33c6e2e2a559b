"""Signatures and effects of the TF1 symbols that shape a program and that no single rule rewrites."""

from __future__ import annotations

from migrator.analysis import learn

ESTIMATOR_SPECS = {
    "tensorflow.estimator.EstimatorSpec": "mode, predictions=None, loss=None, train_op=None, eval_metric_ops=None, "
    "export_outputs=None, training_chief_hooks=None, training_hooks=None, scaffold=None, evaluation_hooks=None, "
    "prediction_hooks=None",
    "tensorflow.estimator.tpu.TPUEstimatorSpec": "mode, predictions=None, loss=None, train_op=None, eval_metrics=None, "
    "export_outputs=None, scaffold_fn=None, host_call=None, training_hooks=None, evaluation_hooks=None, "
    "prediction_hooks=None",
    "tensorflow.contrib.learn.ModelFnOps": "mode, predictions=None, loss=None, train_op=None, eval_metric_ops=None, "
    "output_alternatives=None, training_chief_hooks=None, training_hooks=None, scaffold=None",
}
ESTIMATOR_SPECS["tensorflow.contrib.learn.python.learn.estimators.model_fn.ModelFnOps"] = ESTIMATOR_SPECS[
    "tensorflow.contrib.learn.ModelFnOps"
]

ESTIMATORS = {
    "tensorflow.estimator.Estimator": "model_fn, model_dir=None, config=None, params=None, warm_start_from=None",
    "tensorflow.contrib.learn.Estimator": "model_fn=None, model_dir=None, config=None, params=None, "
    "feature_engineering_fn=None",
    "tensorflow.contrib.learn.Classifier": "model_fn=None, model_dir=None, config=None, params=None",
    "tensorflow.contrib.learn.Regressor": "model_fn=None, model_dir=None, config=None, params=None",
    "tensorflow.estimator.tpu.TPUEstimator": "model_fn=None, model_dir=None, config=None, params=None, use_tpu=True, "
    "train_batch_size=None, eval_batch_size=None, predict_batch_size=None, batch_axis=None, "
    "eval_on_tpu=True, export_to_tpu=True, export_to_cpu=True, warm_start_from=None",
}

VARIABLES = {
    "tensorflow.get_variable": "name, shape=None, dtype=None, initializer=None, regularizer=None, trainable=None, "
    "collections=None, caching_device=None, partitioner=None, validate_shape=True, use_resource=None, "
    "custom_getter=None, constraint=None, synchronization=None, aggregation=None",
    "tensorflow.Variable": "initial_value=None, trainable=None, collections=None, validate_shape=True, "
    "caching_device=None, name=None, variable_def=None, dtype=None, expected_shape=None, import_scope=None, "
    "constraint=None, use_resource=None, synchronization=None, aggregation=None, shape=None",
    "tensorflow.contrib.framework.model_variable": "name, shape=None, dtype=None, initializer=None, regularizer=None, "
    "trainable=True",
}

RNN_CALLS = {
    "tensorflow.nn.dynamic_rnn": "cell, inputs, sequence_length=None, initial_state=None, dtype=None, "
    "parallel_iterations=None, swap_memory=False, time_major=False, scope=None",
    "tensorflow.nn.bidirectional_dynamic_rnn": "cell_fw, cell_bw, inputs, sequence_length=None, "
    "initial_state_fw=None, initial_state_bw=None, dtype=None, parallel_iterations=None, swap_memory=False, "
    "time_major=False, scope=None",
    "tensorflow.nn.static_rnn": "cell, inputs, initial_state=None, dtype=None, sequence_length=None, scope=None",
    "tensorflow.contrib.rnn.static_rnn": "cell, inputs, initial_state=None, dtype=None, sequence_length=None, "
    "scope=None",
}

CELLS = {
    "BasicLSTMCell": "num_units, forget_bias=1.0, state_is_tuple=True, activation=None, reuse=None, name=None",
    "LSTMCell": "num_units, use_peepholes=False, cell_clip=None, initializer=None, num_proj=None, proj_clip=None, "
    "num_unit_shards=None, num_proj_shards=None, forget_bias=1.0, state_is_tuple=True, activation=None, "
    "reuse=None, name=None, dtype=None",
    "LSTMBlockCell": "num_units, forget_bias=1.0, cell_clip=None, use_peephole=False, dtype=None, reuse=None, "
    "name='lstm_cell'",
    "GRUCell": "num_units, activation=None, reuse=None, kernel_initializer=None, bias_initializer=None, name=None, "
    "dtype=None",
    "BasicRNNCell": "num_units, activation=None, reuse=None, name=None, dtype=None",
    "LSTMBlockFusedCell": "num_units, forget_bias=1.0, cell_clip=None, use_peephole=False, reuse=None, dtype=None, "
    "name='lstm_fused_cell'",
    "TimeReversedFusedRNN": "cell",
    "MultiRNNCell": "cells, state_is_tuple=True",
    "DropoutWrapper": "cell, input_keep_prob=1.0, output_keep_prob=1.0, state_keep_prob=1.0, "
    "variational_recurrent=False, input_size=None, dtype=None, seed=None",
}

DROPOUT_WRAPPERS = frozenset({"tensorflow.nn.rnn_cell.DropoutWrapper", "tensorflow.contrib.rnn.DropoutWrapper"})

# recurrent networks that are objects: called with inputs whose first axis is that of the steps
FUSED_RNNS = frozenset({"tensorflow.contrib.rnn.LSTMBlockFusedCell", "tensorflow.contrib.rnn.TimeReversedFusedRNN"})
FUSED_RNN_CALL = "inputs, initial_state=None, dtype=None, sequence_length=None"

# hooks that look at what evaluations of an Estimator gave
STOPPING_HOOKS = {
    f"tensorflow.{home}.stop_if_{kind}_hook": f"estimator, metric_name, {amount}, eval_dir=None, min_steps=0, "
    "run_every_secs=60, run_every_steps=None"
    for home in ("estimator.experimental", "contrib.estimator")
    for kind, amount in (
        ("no_increase", "max_steps_without_increase"),
        ("no_decrease", "max_steps_without_decrease"),
        ("higher", "threshold"),
        ("lower", "threshold"),
    )
}

SIGNATURES: dict[str, str] = {
    **learn.SIGNATURES,
    **STOPPING_HOOKS,
    "tensorflow.train.StopAtStepHook": "num_steps=None, last_step=None",
    "tensorflow.estimator.StopAtStepHook": "num_steps=None, last_step=None",
    **ESTIMATOR_SPECS,
    **ESTIMATORS,
    **VARIABLES,
    **RNN_CALLS,
    **{f"tensorflow.{home}.{cell}": s for cell, s in CELLS.items() for home in ("nn.rnn_cell", "contrib.rnn")},
    "tensorflow.contrib.cudnn_rnn.CudnnCompatibleLSTMCell": "num_units, reuse=None",
    "tensorflow.variable_scope": "name_or_scope, default_name=None, values=None, initializer=None, regularizer=None, "
    "caching_device=None, partitioner=None, custom_getter=None, reuse=None, dtype=None, use_resource=None, "
    "constraint=None, auxiliary_name_scope=True",
    "tensorflow.estimator.TrainSpec": "input_fn, max_steps=None, hooks=None, saving_listeners=None",
    "tensorflow.estimator.EvalSpec": "input_fn, steps=100, name=None, hooks=None, exporters=None, "
    "start_delay_secs=120, throttle_secs=600",
    "tensorflow.estimator.FinalExporter": "name, serving_input_receiver_fn, assets_extra=None, as_text=False",
    "tensorflow.estimator.LatestExporter": "name, serving_input_receiver_fn, assets_extra=None, as_text=False, "
    "exports_to_keep=5",
    "tensorflow.estimator.BestExporter": "name='best_exporter', serving_input_receiver_fn=None, "
    "event_file_pattern='eval/*.tfevents.*', compare_fn=None, assets_extra=None, as_text=False, exports_to_keep=5",
    "tensorflow.estimator.train_and_evaluate": "estimator, train_spec, eval_spec",
    "tensorflow.estimator.RunConfig": "model_dir=None, tf_random_seed=None, save_summary_steps=100, "
    "save_checkpoints_steps=None, save_checkpoints_secs=None, session_config=None, keep_checkpoint_max=5, "
    "keep_checkpoint_every_n_hours=10000, log_step_count_steps=100, train_distribute=None, device_fn=None, "
    "protocol=None, eval_distribute=None, experimental_distribute=None",
    "tensorflow.estimator.tpu.RunConfig": "tpu_config=None, evaluation_master=None, master=None, cluster=None, "
    "model_dir=None, tf_random_seed=None, save_summary_steps=100, save_checkpoints_steps=None, "
    "save_checkpoints_secs=None, session_config=None, keep_checkpoint_max=5, keep_checkpoint_every_n_hours=10000, "
    "log_step_count_steps=100, train_distribute=None, device_fn=None, protocol=None, eval_distribute=None, "
    "experimental_distribute=None",
    "tensorflow.contrib.learn.RunConfig": "master=None, num_cores=0, log_device_placement=False, "
    "gpu_memory_fraction=1, tf_random_seed=None, save_summary_steps=100, save_checkpoints_secs=None, "
    "save_checkpoints_steps=None, keep_checkpoint_max=5, keep_checkpoint_every_n_hours=10000, "
    "log_step_count_steps=100, protocol=None, evaluation_master='', model_dir=None, session_config=None",
    "tensorflow.gradients": "ys, xs, grad_ys=None, name='gradients', colocate_gradients_with_ops=False, "
    "gate_gradients=False, aggregation_method=None, stop_gradients=None",
    "tensorflow.clip_by_global_norm": "t_list, clip_norm, use_norm=None, name=None",
    "tensorflow.clip_by_norm": "t, clip_norm, axes=None, name=None",
    "tensorflow.clip_by_value": "t, clip_value_min, clip_value_max, name=None",
    "tensorflow.trainable_variables": "scope=None",
    "tensorflow.global_variables": "scope=None",
    "tensorflow.get_collection": "key, scope=None",
    "tensorflow.control_dependencies": "control_inputs",
    "tensorflow.train.get_global_step": "graph=None",
    "tensorflow.train.get_or_create_global_step": "graph=None",
    "tensorflow.estimator.inputs.numpy_input_fn": "x, y=None, batch_size=128, num_epochs=1, shuffle=None, "
    "queue_capacity=1000, num_threads=1",
    "tensorflow.estimator.inputs.pandas_input_fn": "x, y=None, batch_size=128, num_epochs=1, shuffle=None, "
    "queue_capacity=1000, num_threads=1, target_column='target'",
    "tensorflow.estimator.export.PredictOutput": "outputs",
    "tensorflow.estimator.export.ClassificationOutput": "scores=None, classes=None",
    "tensorflow.estimator.export.RegressionOutput": "value",
    "tensorflow.estimator.export.ServingInputReceiver": "features, receiver_tensors, "
    "receiver_tensors_alternatives=None",
    "tensorflow.estimator.export.build_raw_serving_input_receiver_fn": "features, default_batch_size=None",
    "tensorflow.estimator.export.build_parsing_serving_input_receiver_fn": "feature_spec, default_batch_size=None",
    "tensorflow.train.Saver": "var_list=None, reshape=False, sharded=False, max_to_keep=5, "
    "keep_checkpoint_every_n_hours=10000.0, name=None, restore_sequentially=False, saver_def=None, builder=None, "
    "defer_build=False, allow_empty=False, write_version=2, pad_step_number=False, save_relative_paths=False",
    "tensorflow.train.ExponentialMovingAverage": "decay, num_updates=None, zero_debias=False, "
    "name='ExponentialMovingAverage'",
    "optimizer.minimize": "loss, global_step=None, var_list=None, gate_gradients=1, aggregation_method=None, "
    "colocate_gradients_with_ops=False, name=None, grad_loss=None",
    "optimizer.compute_gradients": "loss, var_list=None, gate_gradients=1, aggregation_method=None, "
    "colocate_gradients_with_ops=False, grad_loss=None",
    "optimizer.apply_gradients": "grads_and_vars, global_step=None, name=None",
    "tensorflow.contrib.layers.optimize_loss": "loss, global_step, learning_rate, optimizer, "
    "gradient_noise_scale=None, gradient_multipliers=None, clip_gradients=None, learning_rate_decay_fn=None, "
    "update_ops=None, variables=None, name=None, summaries=None, colocate_gradients_with_ops=False, "
    "increment_global_step=True",
    "tensorflow.contrib.training.create_train_op": "total_loss, optimizer, global_step=0, update_ops=None, "
    "variables_to_train=None, transform_grads_fn=None, summarize_gradients=False, gate_gradients=1, "
    "aggregation_method=None, colocate_gradients_with_ops=False, check_numerics=True",
    "tensorflow.contrib.layers.learning.create_train_op": "total_loss, optimizer, global_step=0, update_ops=None, "
    "variables_to_train=None, clip_gradient_norm=0, summarize_gradients=False, gate_gradients=1, "
    "aggregation_method=None, colocate_gradients_with_ops=False, gradient_multipliers=None, check_numerics=True",
    "estimator.train": "input_fn, hooks=None, steps=None, max_steps=None, saving_listeners=None",
    "estimator.evaluate": "input_fn, steps=None, hooks=None, checkpoint_path=None, name=None",
    "estimator.predict": "input_fn, predict_keys=None, hooks=None, checkpoint_path=None, yield_single_examples=True",
    "estimator.export_savedmodel": "export_dir_base, serving_input_receiver_fn, assets_extra=None, as_text=False, "
    "checkpoint_path=None, strip_default_attrs=False",
    "estimator.export_saved_model": "export_dir_base, serving_input_receiver_fn, assets_extra=None, as_text=False, "
    "checkpoint_path=None",
}
SIGNATURES["tensorflow.contrib.training.GlobalStep"] = ""

# namespaces whose calls give objects of the program, not tensors of the model
STATIC_NAMESPACES = (
    "tensorflow.data",
    "tensorflow.contrib.data",
    "tensorflow.estimator",
    "tensorflow.contrib.learn",
    "tensorflow.contrib.tpu",
    "tensorflow.tpu",
    "tensorflow.contrib.training.HParams",
    "tensorflow.train",
    "tensorflow.io",
    "tensorflow.gfile",
    "tensorflow.flags",
    "tensorflow.app",
    "tensorflow.logging",
    "tensorflow.compat",
    "tensorflow.python_io",
    "tensorflow.feature_column",
    "tensorflow.initializers",
    "tensorflow.keras",
    "tensorflow.saved_model",
    "tensorflow.config",
    "tensorflow.distribute",
    "tensorflow.contrib.distribute",
    "tensorflow.FixedLenFeature",
    "tensorflow.VarLenFeature",
    "tensorflow.contrib.lookup",
    "tensorflow.lookup",
    "tensorflow.tables_initializer",
    "tensorflow.ConfigProto",
    "tensorflow.GPUOptions",
    "tensorflow.TensorShape",
    "tensorflow.test",  # what the machine and the build offer
    "tensorflow.Dimension",
    "tensorflow.variable_scope",
    "tensorflow.name_scope",
    "tensorflow.device",
    "tensorflow.control_dependencies",
    "tensorflow.nn.rnn_cell",
    "tensorflow.contrib.rnn",
    "tensorflow.contrib.cudnn_rnn.CudnnCompatibleLSTMCell",
    "tensorflow.parse_single_example",
    "tensorflow.set_random_seed",
    "tensorflow.get_collection",
    "tensorflow.version",
    "tensorflow.__version__",
)

# lists of what variables there are by then
VARIABLE_LISTS = frozenset({"tensorflow.trainable_variables", "tensorflow.global_variables"})

GLOBAL_STEPS = frozenset(  # contrib's, and slim's, which stand under contrib.layers
    f"tensorflow.{space}.{name}"
    for space in ("train", "contrib.framework", "contrib.layers")
    for name in ("get_global_step", "get_or_create_global_step")
)

# name -> the constant that TF 1.15 gives it
CONSTANTS = {
    "tensorflow.estimator.ModeKeys.TRAIN": "train",
    "tensorflow.estimator.ModeKeys.EVAL": "eval",
    "tensorflow.estimator.ModeKeys.PREDICT": "infer",
    "tensorflow.contrib.learn.ModeKeys.TRAIN": "train",
    "tensorflow.contrib.learn.ModeKeys.EVAL": "eval",
    "tensorflow.contrib.learn.ModeKeys.INFER": "infer",
    "tensorflow.AUTO_REUSE": "auto",
    "tensorflow.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY": "serving_default",
    "tensorflow.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY": "serving_default",
    "tensorflow.GraphKeys.UPDATE_OPS": "update_ops",
    "tensorflow.GraphKeys.TRAINABLE_VARIABLES": "trainable_variables",
    "tensorflow.GraphKeys.GLOBAL_VARIABLES": "variables",
    "tensorflow.GraphKeys.REGULARIZATION_LOSSES": "regularization_losses",
    "tensorflow.GraphKeys.LOSSES": "losses",
    "tensorflow.losses.Reduction.NONE": "none",
    "tensorflow.keras.losses.Reduction.NONE": "none",
}
# (dictionary of the library, key) -> the function that TF 1.15 has there
FUNCTIONS_BY_NAME = {
    ("tensorflow.contrib.learn.datasets.DATASETS", "mnist"): "tensorflow.contrib.learn.datasets.mnist.load_mnist",
}
PREDICTION_KEYS = {
    "CLASSES": "classes",
    "CLASS_IDS": "class_ids",
    "LOGISTIC": "logistic",
    "LOGITS": "logits",
    "PREDICTIONS": "predictions",
    "PROBABILITIES": "probabilities",
    "TOP_K": "top_k",
}
CONSTANTS |= {
    f"{package}.python.estimator.canned.prediction_keys.PredictionKeys.{name}": value
    for package in ("tensorflow", "tensorflow_estimator")
    for name, value in PREDICTION_KEYS.items()
}
