"""Recurrent cells: the weights of a TF1 cell as they stand in the Keras layer (measured for every cell named here)."""

from __future__ import annotations

from typing import Any, List, Optional

import numpy

# Legacy variable names under the cell's scope.
_LEGACY = {
    "lstm": ["kernel", "bias"],
    "gru": ["gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias"],
    "rnn": ["kernel", "bias"],
}


class Cell(object):
    """One recurrent cell. TF1 keeps input and recurrent rows in one kernel, and orders the gates differently."""

    def __init__(self, kind: str, holder: Any, forget_bias: Optional[float]) -> None:
        if kind not in _LEGACY:
            raise ValueError("unknown permutation %r" % kind)
        self.kind = kind
        self.legacy = _LEGACY[kind]
        self.keras = ["kernel", "recurrent_kernel", "bias"]
        held = getattr(getattr(holder, "bias_initializer", None), "value", 0.0)
        self.forget_bias = float(held) if forget_bias is None else forget_bias
        self.inputs = int(holder.kernel.shape[0])
        self.units = int(holder.recurrent_kernel.shape[0])

    def fits(self, kernel: Any) -> bool:
        """Whether a legacy kernel of this shape (the first variable of the cell) belongs to a cell of this size."""
        gates = {"lstm": 4, "gru": 2, "rnn": 1}[self.kind]
        return tuple(kernel) == (self.inputs + self.units, gates * self.units)

    def to_keras(self, arrays: List[Any], kind: str) -> List[Any]:
        """kernel, recurrent_kernel and bias. Only weights hold the forget bias; differences of weights do not."""
        u = self.units
        if self.kind == "lstm":
            # i, j, f, o -> i, f, c, o
            order = numpy.concatenate([numpy.arange(k * u, (k + 1) * u) for k in (0, 2, 1, 3)])
            kernel, bias = arrays[0][:, order], numpy.array(arrays[1])
            if kind == "weight":
                bias[2 * u : 3 * u] += self.forget_bias
            bias = bias[order]
        elif self.kind == "gru":
            # r, z and the candidate -> z, r, h
            gates, gate_bias, candidate, candidate_bias = arrays
            kernel = numpy.concatenate([gates[:, u:], gates[:, :u], candidate], 1)
            bias = numpy.concatenate([gate_bias[u:], gate_bias[:u], candidate_bias])
        else:
            kernel, bias = arrays
        return [kernel[: self.inputs], kernel[self.inputs :], bias]
