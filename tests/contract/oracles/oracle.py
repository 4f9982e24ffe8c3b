"""The interface of an oracle: problems with exact sums or integrals.

An oracle knows all draws of an estimator on one small problem, with their
probabilities, and the estimate that each draw must give. It therefore knows the
exact mean and the exact variance of an estimator, without a random number.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf

import tf_mco
from tf_mco import types

if TYPE_CHECKING:
  from tests.contract import table

Parameters: TypeAlias = dict[str, tf.Tensor]  # name -> `[R, ...]`
Gradient: TypeAlias = dict[str, np.ndarray]  # name -> `[R, ...]`, of ascent
# Maps parameters and one `[K, R, D]` tensor per layer to `[K, R]`.
Function: TypeAlias = Callable[[Parameters, tuple[tf.Tensor, ...]], tf.Tensor]

# The estimator is given this many rows at once, which bounds the memory.
_CHUNK = 1 << 16


class Outcomes(NamedTuple):
  """R draws along the batch axis."""

  example: np.ndarray  # `[R]`, which of the N examples a draw belongs to
  probability: np.ndarray  # `[R]`, sums to one over the draws of an example
  source: Any  # nest of arrays `[K, R, ...]` of which `Problem.draw` is made


class Estimates(NamedTuple):
  """The value and the gradient of R estimates, or N exact ones."""

  value: np.ndarray  # `[R]`, in nats
  gradient: Gradient  # name -> `[R, ...]`, of ascent


class Moments(NamedTuple):
  """Mean and variance of an estimate, for each of N examples."""

  value: np.ndarray  # `[N]`, the mean of the reported bound
  mean: Gradient  # name -> `[N, ...]`
  variance: Gradient  # name -> `[N, ...]`


@dataclasses.dataclass(frozen=True, eq=False)
class Problem(abc.ABC):
  """N examples, each with its own posterior, model and prior.

  Every parameter has a leading axis of examples, and no two examples are
  alike. Rows of it are repeated along the batch, so that one backward pass
  gives the gradient of every row.

  Args:
    values: name -> float64 `[N, ...]`.
  """

  values: dict[str, np.ndarray]

  @property
  @abc.abstractmethod
  def groups(self) -> dict[str, tuple[str, ...]]:
    """The parameters in each of the groups 'posterior', 'model' and 'prior'."""

  @property
  def names(self) -> list[str]:
    """The parameters of all groups."""
    return [name for group in self.groups.values() for name in group]

  @property
  def num_examples(self) -> int:
    """The number of examples, N."""
    return len(next(iter(self.values.values())))

  def rows(
    self, example: Any = None, dtype: tf.DType = tf.float64
  ) -> Parameters:
    """Returns the parameters of the examples at these indices."""
    index = np.arange(self.num_examples) if example is None else example
    return {k: tf.constant(v[index], dtype) for k, v in self.values.items()}

  @abc.abstractmethod
  def posterior(self, parameters: Parameters) -> Any:
    """Returns q(z | x), of one row per example."""

  @abc.abstractmethod
  def log_joint(self, parameters: Parameters) -> types.LogJoint:
    """Returns log p(x, z) as an estimator calls it."""

  def cost(self, parameters: Parameters) -> types.LogJoint:
    """Returns a function for `expectation`, as an estimator calls it."""
    raise NotImplementedError

  @abc.abstractmethod
  def draw(
    self, parameters: Parameters, source: Any, *, stopped: bool
  ) -> types.Draw:
    """Returns the draw made of a source.

    Args:
      parameters: of the rows.
      source: nest of arrays `[K, R, ...]`.
      stopped: whether the samples carry no gradient.
    """

  @abc.abstractmethod
  def source(self, draw: types.Draw) -> Any:
    """Returns what an estimator's own draw of all N examples is made of."""


class Oracle(abc.ABC):
  """An oracle knows one problem exactly."""

  # Relative and absolute errors: of a mean, against the exact one; of the value
  # and of the gradient of a draw, against the formula; and of two computations
  # of one value or gradient.
  tolerance: tuple[float, float] = (1e-10, 1e-10)
  of_each_value: ClassVar[tuple[float, float]] = (1e-10, 1e-12)
  of_each_draw: ClassVar[tuple[float, float]] = (1e-10, 1e-12)
  of_same_value: ClassVar[tuple[float, float]] = (1e-11, 1e-12)
  of_same_gradient: ClassVar[tuple[float, float]] = (1e-11, 1e-12)
  # Relative errors: of the recorded variance, and of the total probability.
  of_variance: ClassVar[float] = 1e-9
  of_probability: ClassVar[float] = 1e-12
  # The least size of an exact gradient that tests something.
  least: ClassVar[float] = 1e-4
  num_layers: int = 1
  options: ClassVar[dict[str, Any]] = {}

  @property
  @abc.abstractmethod
  def problem(self) -> Problem:
    """The examples."""

  @abc.abstractmethod
  def outcomes(self, row: table.Row, count: int) -> Outcomes:
    """Returns every draw of an estimator, with its probability."""

  @abc.abstractmethod
  def some(self, row: table.Row, count: int, seed: int = 0) -> Outcomes:
    """Returns one draw of each example, a function of the seed."""

  @abc.abstractmethod
  def exact(self, row: table.Row, count: int) -> Estimates:
    """Returns the mean that an estimator must have, without tf_mco.

    Of its bound; of the gradient of model and prior, which is that of the
    bound; and of the posterior's, which is that of what the row declares.
    """

  @abc.abstractmethod
  def formula(
    self,
    row: table.Row,
    count: int,
    outcomes: Outcomes,
    *,
    of_cost: bool = False,
  ) -> Estimates:
    """Returns each draw's estimate by the paper's formula, in NumPy.

    Of the bound, or of the expectation of the problem's cost.
    """

  def exact_cost(self) -> Estimates:
    """Returns the expectation of the problem's cost, without tf_mco."""
    raise NotImplementedError


def surrogate_of(
  estimator: tf_mco.Estimator,
  problem: Problem,
  outcomes: Outcomes,
  *,
  stopped: bool = False,
  of_cost: bool = False,
) -> tuple[types.Surrogate | None, Estimates]:
  """Returns what an estimator makes of given draws, and each row's gradient.

  Args:
    estimator: whose `surrogate` or `mean_surrogate` is given the draws.
    problem: of the examples.
    outcomes: the draws.
    stopped: whether the samples carry no gradient.
    of_cost: whether to estimate the expectation of the problem's cost.
  """
  parameters = problem.rows(outcomes.example)
  trained = {name: parameters[name] for name in problem.names}
  surrogate = None
  with tf.GradientTape() as tape:
    tape.watch(trained)
    draw = problem.draw(parameters, outcomes.source, stopped=stopped)
    posterior = problem.posterior(parameters)
    if of_cost:
      assert isinstance(estimator, tf_mco.estimators.MeanEstimator)
      cost = problem.cost(parameters)
      value = -estimator.mean_surrogate(cost, posterior, draw).loss
    else:
      log_joint = problem.log_joint(parameters)
      surrogate = estimator.surrogate(log_joint, posterior, draw)
      value = -surrogate.loss
  gradient = tape.gradient(value, trained, unconnected_gradients='zero')
  numbers = {name: g.numpy() for name, g in gradient.items()}
  return surrogate, Estimates(value.numpy(), numbers)


def estimates(
  estimator: tf_mco.Estimator,
  problem: Problem,
  outcomes: Outcomes,
  *,
  stopped: bool = False,
  of_cost: bool = False,
) -> Estimates:
  """Returns the estimates of any number of draws, a part at a time."""
  parts = []
  for start in range(0, len(outcomes.example), _CHUNK):
    part = take(outcomes, slice(start, start + _CHUNK))
    options = {'stopped': stopped, 'of_cost': of_cost}
    parts.append(surrogate_of(estimator, problem, part, **options)[1])
  gradient = {
    name: np.concatenate([part.gradient[name] for part in parts])
    for name in problem.names
  }
  return Estimates(np.concatenate([part.value for part in parts]), gradient)


def take(outcomes: Outcomes, rows: Any) -> Outcomes:
  """Returns some of the draws, by an index or a slice of the batch axis."""
  return Outcomes(
    outcomes.example[rows],
    outcomes.probability[rows],
    map_source(lambda values: values[:, rows], outcomes.source),
  )


def map_source(fn: Callable[[Any], Any], source: Any) -> Any:
  """Returns the source with `fn` applied to every array or tensor."""
  if source is None:
    return None
  if isinstance(source, tuple):
    parts = [map_source(fn, part) for part in source]
    return type(source)(*parts) if hasattr(source, '_fields') else tuple(parts)
  return fn(source)


def moments(found: Estimates, outcomes: Outcomes) -> Moments:
  """Returns mean and variance of estimates over all draws of an example."""
  mean = {name: average(g, outcomes) for name, g in found.gradient.items()}
  variance = {
    name: average((g - mean[name][outcomes.example]) ** 2, outcomes)
    for name, g in found.gradient.items()
  }
  return Moments(average(found.value, outcomes), mean, variance)


def average(values: np.ndarray, outcomes: Outcomes) -> np.ndarray:
  """Returns `[N, ...]`, the mean of `[R, ...]` over the draws of an example."""
  result = []
  for example in range(outcomes.example.max() + 1):
    rows = outcomes.example == example
    result.append(np.tensordot(outcomes.probability[rows], values[rows], 1))
  return np.array(result)
