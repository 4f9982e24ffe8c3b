"""MIWAE and PIWAE: M bounds of K samples each."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import types
from tf_mco.estimators import cotangents
from tf_mco.estimators import independent_samples
from tf_mco.ops import checks
from tf_mco.ops import draw_checks
from tf_mco.ops import gradients
from tf_mco.ops import log_weights as log_weights_lib
from tf_mco.ops import lost_paths


@dataclasses.dataclass(frozen=True)
class _GroupedBounds:
  """An estimator of M groups of K reparameterized samples."""

  num_bounds: int = 2
  num_samples_per_bound: int = 5

  rescores: ClassVar[bool] = True

  def __post_init__(self) -> None:
    checks.plain_options(self)
    checks.at_least('num_bounds', self.num_bounds, 1)
    checks.at_least('num_samples_per_bound', self.num_samples_per_bound, 1)

  def evaluations(self, posterior: posteriors.PosteriorLike) -> int:
    """Returns the calls of log_joint per example and step, M K for most."""
    posterior = posteriors.as_posterior(posterior)
    return self._size * posterior.evaluations_per_sample

  @property
  def _size(self) -> int:
    return self.num_bounds * self.num_samples_per_bound

  def draw(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    *,
    seed: types.Seed,
  ) -> types.Draw:
    """Returns M K samples with their gradient, one group after the other."""
    return independent_samples.reparameterized_draw(
      log_joint, posterior, self._size, rescores=self.rescores, seed=seed
    )

  def mean_bound(self, log_w: tf.Tensor) -> tf.Tensor:
    """Returns the mean of the M bounds, `[B]`, from `[M K, B]`."""
    groups = tf.split(log_w, self.num_bounds)
    bounds = [log_weights_lib.log_mean_exp(group) for group in groups]
    return tf.add_n(bounds) / self.num_bounds


@dataclasses.dataclass(frozen=True)
class Miwae(_GroupedBounds):
  """The mean of M importance-weighted bounds of K samples.

    1/M sum_m log 1/K sum_k w[m, k]

  The posterior's gradient is less noisy than that of one bound of M K samples.
  `num_samples` is K, and `log_weights` are those of the first bound.

  Args:
    num_bounds: M >= 1.
    num_samples_per_bound: K >= 1.
  Reference: Rainforth et al. (2018), arXiv:1802.04537.
  """

  unbiased_for: ClassVar[str] = 'iwae'
  rescores: ClassVar[bool] = False

  @property
  def num_samples(self) -> int:
    """K, the samples in each of the bounds whose mean is reported."""
    return self.num_samples_per_bound

  def surrogate(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.Surrogate:
    """Returns the surrogate of the mean of the bounds.

    Raises:
      ValueError: if log_joint has no gradient in the samples of a layer.
    """
    draw_checks.samples(draw, self._size)
    posterior = posteriors.as_posterior(posterior)
    log_w = posterior.log_weights(lost_paths.differentiable(log_joint), draw)
    bound = self.mean_bound(log_w)
    return types.Surrogate(
      loss=-bound,
      bound=tf.stop_gradient(bound),
      log_weights=tf.stop_gradient(log_w)[: self.num_samples],
    )


@dataclasses.dataclass(frozen=True)
class Piwae(_GroupedBounds):
  """The bound of all M K samples for the model, MIWAE's for the posterior.

  The reported bound is the bound of all M K samples. Model and prior get its
  gradient; the posterior gets the less noisy gradient of the mean of M bounds.

  Args:
    num_bounds: M >= 1.
    num_samples_per_bound: K >= 1.
  Reference: Rainforth et al. (2018), arXiv:1802.04537.
  """

  @property
  def unbiased_for(self) -> str | None:
    """'iwae' at M = 1, which is one bound; 'elbo' at K = 1; else None."""
    if self.num_bounds == 1:
      return 'iwae'
    return 'elbo' if self.num_samples_per_bound == 1 else None

  @property
  def num_samples(self) -> int:
    """M K, the samples of the reported bound."""
    return self.num_bounds * self.num_samples_per_bound

  def surrogate(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.Surrogate:
    """Returns the surrogate of the M K-sample bound.

    Raises:
      ValueError: if log_joint has no gradient in the samples of a layer.
    """
    draw_checks.samples(draw, self._size)
    posterior = posteriors.as_posterior(posterior)
    scale = cotangents.CotangentScale()
    scaled = tf.nest.map_structure(scale, draw.samples)
    log_q = posterior.log_prob(draw.samples)
    log_p = checks.call_log_joint(
      lost_paths.differentiable(log_joint), scaled, tf.stop_gradient(log_q)
    )
    log_w = tf.stop_gradient(log_p) - tf.stop_gradient(log_q)
    # Serves model and prior: the weights of all M K samples.
    weights = tf.stop_gradient(tf.nn.softmax(log_w, axis=0))
    # Serves the posterior: the weights within each bound, over M.
    groups = tf.split(log_w, self.num_bounds)
    within = [tf.nn.softmax(group, axis=0) for group in groups]
    grouped = tf.stop_gradient(tf.concat(within, 0) / self.num_bounds)
    # The cotangent carries a weight among all M K samples, and the factor turns
    # that weight into the weight within its bound. The former must not
    # underflow where the latter does not.
    weights = tf.maximum(weights, 1e-20 * grouped)
    scale.factor = log_weights_lib.ratio(grouped, weights)
    bound = log_weights_lib.log_mean_exp(log_w)
    carrier = log_weights_lib.weighted_sum(weights, log_p)
    carrier -= log_weights_lib.weighted_sum(grouped, log_q)
    return types.Surrogate(
      loss=gradients.with_estimate_of(-bound, -carrier),
      bound=bound,
      log_weights=log_w,
    )
