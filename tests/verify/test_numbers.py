"""How differences are measured, permuted, dealt and judged: the numeric core of the workers, without TensorFlow."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

from migrator.verify.compare import verdict
from migrator.verify.workers import batches, curve, diff, extent, permute, trees


def moved(before: Any, size: float, factor: float = 1.0) -> tuple[Any, Any]:
    step = size * numpy.random.RandomState(1).normal(size=before.shape)
    return (before - step).astype("float32"), (before - factor * step).astype("float32")


WEIGHTS = numpy.random.RandomState(0).normal(size=(40, 30)).astype("float32")


@pytest.mark.parametrize("size", [1e-1, 1e-3, 1e-5])
def test_equal_movements_have_no_gap(size: float) -> None:
    legacy, other = moved(WEIGHTS, size)
    gap = diff.movement_gap(WEIGHTS, legacy, other)
    assert gap is not None and gap <= 1e-3


@pytest.mark.parametrize("size", [1e-1, 1e-3, 1e-4])
def test_a_rate_one_percent_off_shows_even_in_small_movements(size: float) -> None:
    legacy, other = moved(WEIGHTS, size, 1.01)
    gap = diff.movement_gap(WEIGHTS, legacy, other)
    assert gap is not None and gap > 5e-3


def test_movement_rounded_differently_is_no_gap() -> None:
    legacy, _ = moved(WEIGHTS, 1e-5)
    other = numpy.nextafter(legacy, numpy.float32(10))
    gap = diff.movement_gap(WEIGHTS, legacy, other)
    assert gap is not None and gap <= 1e-3


def test_no_movement_proves_nothing_unless_the_other_side_moves() -> None:
    assert diff.movement_gap(WEIGHTS, WEIGHTS, WEIGHTS) is None
    assert diff.movement_gap(WEIGHTS, WEIGHTS, WEIGHTS + 0.1) == math.inf


def test_a_movement_to_nowhere_is_infinite() -> None:
    assert diff.movement_gap(WEIGHTS, WEIGHTS + 0.1, WEIGHTS * math.nan) == math.inf


def test_not_a_number_equals_only_itself() -> None:
    assert diff.distance([math.nan, 1.0], [math.nan, 1.0]) == 0.0
    assert diff.distance([math.nan], [1.0]) == math.inf


def test_shape_and_kind_of_numbers_count() -> None:
    gap = diff.Gap()
    gap.add("shape", numpy.zeros((3, 1)), numpy.zeros(3), 1.0)
    gap.add("kind", numpy.zeros(3, "int64"), numpy.zeros(3), 1.0)
    gap.add("text", numpy.array([b"a"]), numpy.array(["b"]), 1.0)
    assert len(gap.wrong) == 3 and not gap.within(1.0)


def test_whole_numbers_may_differ_in_width_and_text_in_type() -> None:
    gap = diff.Gap()
    gap.add("ids", numpy.arange(3, dtype="int64"), numpy.arange(3, dtype="int32"), 1.0)
    gap.add("text", numpy.array([b"a"], object), numpy.array(["a"]), 1.0)
    assert gap.within(0.0)


def test_drawn_numbers_are_alike_in_spread_and_shape() -> None:
    random = numpy.random.RandomState(4)
    uniform, normal = random.uniform(-1, 1, (40, 30)), random.normal(size=(40, 30))
    assert diff.drawn_alike(uniform, random.uniform(-1.1, 1.1, (20, 60)))
    assert not diff.drawn_alike(uniform, 2 * uniform)
    assert not diff.drawn_alike(uniform, normal / 3**0.5)
    assert not diff.drawn_alike(uniform, numpy.zeros((40, 30)))


def test_data_are_counted_to_their_end_or_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extent, "MOST_BATCHES", 50)
    rest = iter(range(7))
    ended = extent.count(lambda: next(rest, None) is not None, before=3)
    endless = extent.count(lambda: True)
    assert (ended.batches, ended.ended) == (10, True)
    assert (endless.batches, endless.ended) == (50, False)
    assert [ended.cut(4), ended.cut(20), ended.cut(None)] == [4, 10, 10]
    assert [endless.cut(4), endless.cut(51), endless.cut(None)] == [4, None, None]


@pytest.mark.parametrize("boundary", [1, 2, 112, 117, 179])
def test_a_rate_is_looked_at_on_both_sides_of_its_jump(boundary: int) -> None:
    points = curve.sample(lambda step: 0.1 if step < boundary else 0.01, 180)
    assert (boundary - 1, 0.1) in points and (boundary, 0.01) in points
    assert len(points) < 40


def test_a_rate_that_always_changes_is_looked_at_in_few_places() -> None:
    points = curve.sample(lambda step: 1.0 / (1 + step), 5000)
    assert 100 < len(points) <= 240 and (points[0][0], points[-1][0]) == (0, 5000)


def test_training_is_added_up_call_by_call() -> None:
    training = extent.Training()
    training.add(30)
    training.add(30)
    training.add(None, up_to=100)
    training.add(None, up_to=80)
    assert (training.calls, training.total) == (4, 100)
    assert extent.alike([training], [extent.Training(1, 100), extent.Training()])
    assert extent.alike([training], [extent.Training(1, 99)]) is False
    training.add(None)
    assert extent.alike([training], [extent.Training(1, 100)]) is None
    assert extent.alike([extent.Training(1, 5), extent.Training(1, 5)], [extent.Training(1, 10)]) is None


def test_models_that_go_on_from_each_other_are_told_by_the_steps_they_reach() -> None:
    rounds = [extent.Training(4, 400), extent.Training(2, 500)]
    assert extent.alike(rounds, [extent.Training(1, 500), extent.Training(4, 400)])
    assert extent.alike(rounds, [extent.Training(4, 404), extent.Training(1, 500)]) is False
    resumed = extent.Training()
    resumed.go_on_from(400)
    resumed.add(100)
    resumed.go_on_from(7)
    assert (resumed.calls, resumed.total) == (1, 500)


def test_evaluations_are_as_long_when_their_batches_and_rows_are() -> None:
    whole, shorter = extent.Extent(6, True, 170), extent.Extent(6, True, 161)
    assert (whole.cut_with_rows(None), whole.cut_with_rows(4)) == ((6, 170, 6), (4, None, 6))
    legacy = [evaluated((6, 170), (6, 170))]
    assert extent.same_lengths(legacy, [evaluated((6, 170))])
    assert extent.same_lengths(legacy, [evaluated(shorter.cut_with_rows(None))]) is False
    assert extent.same_lengths(legacy, [evaluated((6, None))])
    assert extent.same_lengths(legacy, [evaluated((6, 170)), evaluated((12, 340))]) is False
    assert extent.same_lengths(legacy, [evaluated((None, None))]) is None
    assert extent.same_lengths(legacy, [evaluated((None, None, 6))]) is None
    assert extent.same_lengths(legacy, [evaluated(extent.Extent(900, False).cut_with_rows(None))]) is False


def test_of_many_evaluations_one_of_equal_length_is_enough() -> None:
    many = extent.Evaluations([(6, 1)] * extent.MOST_CALLS, 20)
    assert not many.counts
    assert extent.same_lengths([many], [evaluated((6, 1), (9, 2))])
    assert extent.same_lengths([many], [evaluated((9, 2))]) is None
    assert (
        extent.same_lengths([extent.Evaluations(many.lengths, extent.MOST_CALLS)], [evaluated((6, 1), (9, 2))]) is False
    )


def evaluated(*lengths: tuple[int | None, ...]) -> extent.Evaluations:
    return extent.Evaluations(lengths, len(lengths))


@pytest.mark.parametrize(("kind", "gates"), [("lstm", 4), ("gru", 3), ("rnn", 1)])
def test_permuted_cells_compute_the_same(kind: str, gates: int) -> None:
    random, n, u = numpy.random.RandomState(2), 3, 5
    holder = SimpleNamespace(kernel=numpy.zeros((n, gates * u)), recurrent_kernel=numpy.zeros((u, gates * u)))
    cell = permute.Cell(kind, holder, 1.0)
    shapes = {"gru": [(n + u, 2 * u), (2 * u,), (n + u, u), (u,)]}.get(kind, [(n + u, gates * u), (gates * u,)])
    arrays = [random.normal(size=shape) for shape in shapes]
    assert cell.fits(arrays[0].shape) and not cell.fits((n + u, arrays[0].shape[1] + 1))
    kernel, recurrent, bias = cell.to_keras(arrays, "weight")
    x, h, c = random.normal(size=(2, n)), random.normal(size=(2, u)), random.normal(size=(2, u))
    inside = x @ kernel + bias

    def sigmoid(value: Any) -> Any:
        return 1 / (1 + numpy.exp(-value))

    if kind == "lstm":
        i, j, f, o = numpy.split(numpy.concatenate([x, h], 1) @ arrays[0] + arrays[1], 4, axis=1)
        legacy = numpy.tanh(sigmoid(f + 1.0) * c + sigmoid(i) * numpy.tanh(j)) * sigmoid(o)
        ki, kf, kc, ko = numpy.split(inside + h @ recurrent, 4, axis=1)
        migrated = numpy.tanh(sigmoid(kf) * c + sigmoid(ki) * numpy.tanh(kc)) * sigmoid(ko)
    elif kind == "gru":
        r, z = numpy.split(sigmoid(numpy.concatenate([x, h], 1) @ arrays[0] + arrays[1]), 2, axis=1)
        legacy = z * h + (1 - z) * numpy.tanh(numpy.concatenate([x, r * h], 1) @ arrays[2] + arrays[3])
        kz, kr = (sigmoid(inside[:, k : k + u] + h @ recurrent[:, k : k + u]) for k in (0, u))
        migrated = kz * h + (1 - kz) * numpy.tanh(inside[:, 2 * u :] + (kr * h) @ recurrent[:, 2 * u :])
    else:
        legacy = numpy.tanh(numpy.concatenate([x, h], 1) @ arrays[0] + arrays[1])
        migrated = numpy.tanh(inside + h @ recurrent)
    assert numpy.abs(legacy - migrated).max() < 1e-12


def test_the_forget_bias_is_no_part_of_a_gradient() -> None:
    holder = SimpleNamespace(kernel=numpy.zeros((1, 8)), recurrent_kernel=numpy.zeros((2, 8)))
    cell = permute.Cell("lstm", holder, 1.0)
    arrays = [numpy.zeros((3, 8)), numpy.zeros(8)]
    assert cell.to_keras(arrays, "weight")[2].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    assert not cell.to_keras(arrays, "gradient")[2].any()


def batch(start: int, rows: int) -> dict[str, Any]:
    return {"0/x": numpy.arange(start, start + rows)[:, None], "1": numpy.arange(start, start + rows)}


def test_sorted_rows_are_dealt_anew_and_stay_whole() -> None:
    dealt = batches.deal([batch(0, 8), batch(8, 8), batch(16, 4)], {})
    assert [len(b["1"]) for b in dealt] == [8, 8, 4]
    assert all((b["0/x"][:, 0] == b["1"]).all() for b in dealt)
    assert sorted(int(v) for b in dealt for v in b["1"]) == list(range(20))
    assert dealt[0]["1"].tolist() != list(range(8))


def test_padded_batches_of_different_width_stay_as_they_are() -> None:
    given = [{"0": numpy.zeros((2, 3)), "1": numpy.arange(2)}, {"0": numpy.zeros((2, 4)), "1": numpy.arange(2)}]
    assert batches.deal(given, {}) is given


def test_a_partial_batch_is_cut_where_the_batch_size_is_open() -> None:
    given = [batch(0, 8), batch(8, 8), batch(16, 8), batch(24, 8)]
    open_size = {"0/x": [None, 1], "1": [None]}
    assert [len(b["1"]) for b in batches.with_partial(given, open_size)] == [8, 8, 4]
    fixed_size = {"0/x": [8, 1], "1": [8]}
    assert [len(b["1"]) for b in batches.with_partial(given, fixed_size)] == [8, 8, 8]


def test_trees_are_taken_apart_and_rebuilt() -> None:
    tree = ({"b": 1, "a": {"c": 2}}, [3, None])
    assert trees.named(tree) == {"0/a/c": 2, "0/b": 1, "1/0": 3}
    assert trees.rebuild(tree, "/".join) == ({"b": "0/b", "a": {"c": "0/a/c"}}, ["1/0", None])
    assert trees.named(5) == {"": 5}


def row(check: str, ok: bool | None, note: str = "") -> dict[str, Any]:
    return diff.row(check, 1e-5, ok, 0.0, 0.0, note)


def test_all_right_and_something_proven_is_verified() -> None:
    assert verdict([row("builds", True), row("forward", True), row("metrics", None)], "legacy").status == "verified"


def test_one_wrong_check_fails_and_says_so() -> None:
    found = verdict([row("forward", True), diff.row("loss", 1e-5, False, 0.5, 0.25, "of step 3")], "legacy")
    assert found.status == "failed"
    assert found.reason == "loss: differs by 2.5e-01, tolerance 1e-05 (of step 3)"


def test_proving_nothing_is_not_verified() -> None:
    found = verdict([row("builds", True), row("training", None, "no variable moved")], "legacy")
    assert found.status == "failed" and "no variable moved" in found.reason
