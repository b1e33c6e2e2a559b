"""The fields of an EstimatorSpec as they were written: metrics, gradients, train_ops, hooks."""
