"""A program as it was found: its model_fns, Estimator constructions, and the calls on them."""

from __future__ import annotations

import ast
import dataclasses

from migrator.analysis.facts import Facts
from migrator.analysis.values import ClassRef, Function, Result
from migrator.source.module import Module


@dataclasses.dataclass(frozen=True, eq=False)
class ModelFn:
    """A function that returns EstimatorSpecs. `function` is one value of it, closure included."""

    node: ast.FunctionDef
    module: Module
    function: Function
    qualname: str
    classes: tuple[ClassRef, ...] = ()  # of the objects whose method it is, where the program makes some


@dataclasses.dataclass(frozen=True, eq=False)
class Construction:
    """`tf.estimator.Estimator(...)` with the model_fns that it may be given."""

    call: ast.Call
    module: Module
    result: Result
    model_fns: tuple[ast.FunctionDef, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Use:
    """A call on an Estimator, or train_and_evaluate; `estimators` are the constructions it may be made on."""

    call: ast.Call
    module: Module
    kind: str
    result: Result
    estimators: tuple[ast.Call, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Program:
    """The program model of a project."""

    facts: Facts
    model_fns: tuple[ModelFn, ...]
    constructions: tuple[Construction, ...]
    uses: tuple[Use, ...]
    escapes: tuple[Use, ...]
    unattached: tuple[ModelFn, ...]  # functions of a model_fn's form that nothing here shows to be one
    functions: dict[ast.AST, Function]
    whole: bool  # every function was looked at in the files that use Estimators, and in those that use such files
