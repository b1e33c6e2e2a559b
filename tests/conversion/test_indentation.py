"""New definitions follow the indentation of their file."""

from __future__ import annotations

import ast
import textwrap

from migrator.emit.indentation import reindented, unit_of

from .small import MODEL_FN, converted, program

FOUR = '''\
class Model(keras.Model):
    """A docstring
    of two lines."""

    # made once
    def __init__(self, sizes):
        super().__init__()
        self.table = [
            size
            for size in sizes
        ]
        text = """
    kept as it is
        """
        for size in sizes:
            # inside
            if size:
                self.big = size
        # after the loop
        return text, call(size,
                          size)
'''
TWO = '''\
class Model(keras.Model):
  """A docstring
  of two lines."""

  # made once
  def __init__(self, sizes):
    super().__init__()
    self.table = [
        size
        for size in sizes
    ]
    text = """
    kept as it is
        """
    for size in sizes:
      # inside
      if size:
        self.big = size
    # after the loop
    return text, call(size,
                      size)
'''


def test_a_definition_takes_the_width_of_its_file() -> None:
    assert reindented(FOUR, 2) == TWO


def test_four_columns_stay_as_they_are() -> None:
    assert reindented(FOUR, 4) == FOUR


def test_inner_widths_of_their_own_become_one() -> None:
    mixed = "class A:\n    def call(self):\n        def inner(x):\n          return x\n        return inner\n"
    assert reindented(mixed, 2) == "class A:\n  def call(self):\n    def inner(x):\n      return x\n    return inner\n"


def test_the_width_of_a_file_is_that_of_most_definitions() -> None:
    source = "def a():\n  return 1\n\n\ndef b(): return 2\n\n\nclass C:\n  x = 1\n\n\ndef d():\n    return 3\n"
    assert unit_of(ast.parse(source)) == 2
    assert unit_of(ast.parse("x = 1\n")) == 4


def test_a_program_of_two_columns_stays_one() -> None:
    narrow = textwrap.indent(textwrap.dedent(MODEL_FN.split(":\n", 1)[1]), "  ").replace("      return", "    return")
    text = program(model_fn=f"def model_fn(features, labels, mode):\n{narrow}").replace("    x =", "  x =")
    narrow_text = text.replace("    y =", "  y =").replace("    return tf.data", "  return tf.data")
    after = converted(narrow_text.replace("    tf.estimator.Estimator(", "  tf.estimator.Estimator("))["train.py"]
    ast.parse(after)
    assert "\n  def __init__(self):\n    super().__init__()\n" in after
