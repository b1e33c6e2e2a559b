"""Inputs of both workers: the same numbers from the same specification, in every version of NumPy."""

import collections
import tempfile
import zlib

import numpy as np

OPTIMIZER_STEPS = 12
Sparse = collections.namedtuple("Sparse", ["values", "missing"])


def make(name, spec):
    """The array of one input. A specification has a value, or a shape and a kind; `features` has others by name."""
    if isinstance(spec, list):
        spec = {"shape": spec}
    if "features" in spec:
        return {key: make(key, value) for key, value in spec["features"].items()}
    if "sparse" in spec:
        return Sparse(make(name, {"value": spec["sparse"]}), spec["missing"])
    if "value" in spec:
        return np.array(spec["value"], spec.get("dtype") or ("float32" if _is_float(spec["value"]) else None))
    shape, kind = tuple(spec["shape"]), spec.get("kind", "normal")
    random = np.random.RandomState(zlib.crc32(name.encode()) % 2**31 + spec.get("seed", 0))
    if kind == "classes":
        return random.randint(0, spec["classes"], shape).astype(spec.get("dtype", "int32"))
    if kind == "binary":
        return random.randint(0, 2, shape).astype(spec.get("dtype", "float32"))
    if kind == "bool":
        return random.randint(0, 2, shape).astype(bool)
    if kind == "probability":
        return random.uniform(0.02, 0.98, shape).astype("float32")
    if kind == "onehot":
        return np.eye(shape[-1], dtype="float32")[random.randint(0, shape[-1], shape[:-1])]
    if kind == "weights":
        return (random.randint(0, 4, shape) * random.uniform(0.2, 1.0, shape)).astype("float32")
    values = random.randn(*shape).astype("float32")
    return values / np.linalg.norm(values, axis=-1, keepdims=True) if kind == "unit" else values


def tensor(tf, value):
    """The tensor of one input: a dictionary of them by name, a sparse one of the values that are not missing."""
    if isinstance(value, dict):
        return {key: tensor(tf, item) for key, item in value.items()}
    if isinstance(value, Sparse):
        indices = np.argwhere(value.values != value.missing)
        return tf.SparseTensor(indices, value.values[tuple(indices.T)], value.values.shape)
    return tf.constant(value)


def text_file(*lines):
    """The path of a new file with these lines."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
        file.write("".join(line + "\n" for line in lines))
    return file.name


def looked_up(tf, table):
    """What a table gives for keys that it may hold and one that it cannot, as numbers."""
    of_texts = table.key_dtype == tf.string
    keys = tf.constant(["c", "a", "b", "other"]) if of_texts else tf.constant([1, 0, 2, 9], tf.int64)
    values = table.lookup(keys)
    return tf.strings.to_hash_bucket_fast(values, 1000) if values.dtype == tf.string else values


def numbered(pairs):
    """Pairs of name and weight, with a number behind a name that stands for several weights."""
    names = [name for name, _ in pairs]
    return [
        (name if names.count(name) == 1 else "%s#%d" % (name, names[:place].count(name)), weight)
        for place, (name, weight) in enumerate(pairs)
    ]


def perturbed(name, value):
    """A value for a weight that hides nothing: no zeros, no ones, positive where it is a scale or a variance."""
    random = np.random.RandomState(zlib.crc32(name.encode()) % 2**31)
    values = (0.5 * random.randn(*value.shape)).astype(value.dtype)
    return np.abs(values) + 0.5 if "variance" in name or "gamma" in name else values


def statistics(values, reference):
    """What can be compared of a random result: shares of zeros, of zero rows, and the scale of the rest."""
    values = np.asarray(values, "float64")
    rows = values.reshape(values.shape[0], -1)
    kept = values != 0
    scale = np.median(values[kept] / reference[kept]) if reference is not None and kept.any() else values.mean()
    return np.array([1 - kept.mean(), (~rows.any(axis=1)).mean(), scale, float(values.size)])


def storable(value):
    """The array as npz keeps it: byte strings instead of objects, bfloat16 as float32."""
    array = np.asarray(value)
    array = array.astype("float32") if array.dtype.kind == "V" or "bfloat16" in str(array.dtype) else array
    return array.astype("S") if array.dtype == object else array


def problem(sparse):
    """Start values and batches of the small problem that optimizers solve."""
    random = np.random.RandomState(7)
    if sparse:
        table = random.randn(10, 4).astype("float32")
        rows = random.randint(0, 10, (OPTIMIZER_STEPS, 6))
        rows[:, 1] = rows[:, 0]
        return {"table": table}, rows, random.randn(OPTIMIZER_STEPS, 6, 4).astype("float32")
    start = {"matrix": random.randn(4, 3).astype("float32"), "offset": random.randn(3).astype("float32")}
    return (
        start,
        random.randn(OPTIMIZER_STEPS, 16, 4).astype("float32"),
        random.randn(OPTIMIZER_STEPS, 16, 3).astype("float32"),
    )


def batches(arrays):
    """Three batches of unequal size."""
    for first, last in ((0, 32), (32, 57), (57, 70)):
        yield {name: value[first:last] for name, value in arrays.items()}


def spread(values):
    """Mean, deviation and quantiles of a drawn initial value."""
    flat = np.asarray(values, "float64").ravel()
    return np.concatenate([[flat.mean(), flat.std()], np.percentile(flat, [0.5, 25, 50, 75, 99.5])])


def _is_float(value):
    return isinstance(value, float) or isinstance(value, list) and any(_is_float(v) for v in value)
