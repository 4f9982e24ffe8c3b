"""The interface of a posterior, and a plain distribution behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import sample_memory
from tf_mco.distributions import sampling
from tf_mco.ops import checks
from tf_mco.posteriors import periodicity


class Posterior:
  """A distribution q(z | x) of latent variables, as the estimators see it.

  The class is abstract: a subclass defines `conditional`, or
  `sample_and_score`. A posterior has one or several stochastic layers,

    q(z | x) = q(z1 | x) q(z2 | z1, x) ... q(zL | z1 .. z(L-1), x),

  and there are two kinds of them.

  - A posterior that can score any sample defines `conditional`, and
    `num_layers` if there are several. Everything else follows from these two,
    and every estimator may serve it.
  - A posterior that scores only the samples it draws itself, because they
    follow the gradient of log p(x, z), sets `can_rescore = False` and defines
    `sample_and_score`. The estimators whose loss is a function of log-weights
    serve it (elbo, iwae, ciwae, renyi, miwae). Every other estimator refuses it
    with a ValueError, because `conditional` raises one.

  A plain `tfd.Distribution` of batch shape `[B]` needs no subclass: estimators
  wrap it. Write a subclass for a posterior that is no `tfd.Distribution`.

  The samples of one layer are `[K, B, ...]`. The samples of several layers, and
  those of every `Chain`, are a tuple with one such tensor per layer.

  #### Example

  A posterior whose samples are moved by one step of gradient ascent would
  subclass as follows.

  ```python
  class Moved(tf_mco.posteriors.Posterior):
    can_rescore = False

    def sample_and_score(self, log_joint, num_samples, *, seed):
      ...
      return tf_mco.Draw(samples, extras=Scores(log_p, log_q))
  ```
  """

  # Whether the posterior can score any sample, or only its own.
  can_rescore: bool = True

  def __init_subclass__(cls) -> None:
    """Raises TypeError for a subclass without a way to sample and to score."""
    super().__init_subclass__()
    if cls.conditional is not Posterior.conditional:
      return
    if cls.can_rescore or cls.sample_and_score is Posterior.sample_and_score:
      raise TypeError(
        f'{cls.__name__} must define `conditional`, or else '
        '`sample_and_score` and `can_rescore = False`.'
      )

  @property
  def num_layers(self) -> int:
    """The number of stochastic layers."""
    return 1

  @property
  def evaluations_per_sample(self) -> int:
    """The calls of log_joint that drawing and scoring one sample take."""
    return 1

  @property
  def base(self) -> tfd.Distribution:
    """The distribution of the first layer, before its samples are moved."""
    return self.conditional(())

  def conditional(self, previous: Sequence[tf.Tensor]) -> tfd.Distribution:
    """Returns the distribution of the layer after the `previous` samples.

    Args:
      previous: `[K, B, ...]` samples of the first layers, an empty sequence for
        the first layer.
    Returns:
      A distribution of batch shape `[B]` for the first layer, `[K, B]` for the
      others.
    Raises:
      ValueError: if this posterior scores only its own samples.
    """
    del previous
    raise self._cannot_rescore()

  def require_rescoring(self) -> None:
    """Raises ValueError if this posterior scores only its own samples."""
    if not self.can_rescore:
      raise self._cannot_rescore()

  def conditionals(self, samples: types.Samples) -> list[tfd.Distribution]:
    """Returns the distribution of each layer, given the layers before it.

    Args:
      samples: `[K, B, ...]` per layer. The last layer is not needed.
    """
    path = types.as_path(samples)
    return [self.conditional(path[:layer]) for layer in range(self.num_layers)]

  def require_reparameterized(self, samples: types.Samples = ()) -> None:
    """Raises ValueError if the samples of a layer carry no gradient.

    A posterior that scores only its own samples is trusted to draw them with
    their gradient, because there is no distribution to ask.

    Args:
      samples: `[K, B, ...]` per layer, on which later layers are conditioned.
    """
    if not self.can_rescore:
      return
    for layer, distribution in enumerate(self.conditionals(samples)):
      kind = distribution.reparameterization_type
      if kind != tfd.FULLY_REPARAMETERIZED:
        raise ValueError(
          'This estimator differentiates through the sample and needs a '
          'reparameterized posterior; discrete ones go to reinforce_loo, '
          'disarm, vimco or rws. Received: '
          f'{distribution!r} in stochastic layer {layer}'
        )

  def require_periodic(
    self, integrand: types.Integrand, samples: types.Samples
  ) -> None:
    """Raises ValueError for an integrand of angles that is not periodic.

    A compiled step has no values to compare, and is not checked.

    Args:
      integrand: maps samples to `[K, B]`.
      samples: `[K, B, ...]` per layer, drawn from this posterior.
    """
    if self.can_rescore and tf.executing_eagerly():
      periodicity.check(integrand, self.conditionals(samples), samples)

  def pack(self, path: types.Path) -> types.Samples:
    """Returns a path in the form in which `log_joint` receives samples.

    That is one tensor for a posterior of one layer, and a tuple for several.
    """
    return path[0] if self.num_layers == 1 else path

  def sample(self, num_samples: int, *, seed: types.Seed) -> types.Samples:
    """Returns K samples, `[K, B, ...]` per layer.

    Gradients flow from the samples of a reparameterized layer to the
    parameters of its distribution.

    Args:
      num_samples: K.
      seed: an integer or an int32 `[2]` tensor.
    """
    return self.pack(self.sample_path(num_samples, seed=seed))

  def sample_stopped(
    self, num_samples: int, *, seed: types.Seed
  ) -> types.Samples:
    """Returns K samples without a path to the posterior's parameters.

    Score-function estimators score the samples that they draw, and the
    log-density of a reparameterized sample would hide its score.
    """
    samples = self.sample(num_samples, seed=seed)
    return tf.nest.map_structure(sample_memory.stop_gradient, samples)

  def sample_path(
    self,
    num_samples: int,
    *,
    num_layers: int | None = None,
    seed: types.Seed,
  ) -> types.Path:
    """Returns K paths, one `[K, B, ...]` tensor per layer.

    Args:
      num_samples: K.
      num_layers: how many layers to draw, from the first; all by default.
      seed: an integer or an int32 `[2]` tensor.
    """
    if num_layers == 0:
      return ()
    if not tf.is_tensor(num_samples):
      num_samples = checks.at_least('num_samples', num_samples, 1)
    start_seed, seed = random.split(seed, 2)
    start = sampling.sample(
      self.conditional(()), [num_samples], seed=start_seed
    )
    return self.extend((start,), num_layers=num_layers, seed=seed)

  def extend(
    self,
    prefix: Sequence[tf.Tensor],
    *,
    num_layers: int | None = None,
    seed: types.Seed,
  ) -> types.Path:
    """Returns whole paths that continue paths of at least one layer.

    Args:
      prefix: the samples of the first layers, `[K, B, ...]` each. They stand
        unchanged at the beginning of the result.
      num_layers: how many layers the result has; all by default.
      seed: an integer or an int32 `[2]` tensor.
    """
    path = tuple(prefix)
    if not path:
      raise ValueError('`extend` needs the samples of at least one layer.')
    while len(path) < (num_layers or self.num_layers):
      layer_seed = random.fold_in(seed, len(path))
      path += (sampling.sample(self.conditional(path), [], seed=layer_seed),)
    return path

  def log_probs(self, samples: types.Samples) -> tuple[tf.Tensor, ...]:
    """Returns log q of each layer given the layers before, `[K, B]`, nats.

    Raises:
      ValueError: unless there is one sample for each layer.
    """
    path = types.as_path(samples)
    if len(path) != self.num_layers:
      raise ValueError(
        f'A path of this posterior has {self.num_layers} layer(s), one sample '
        f'each. Received: {len(path)}'
      )
    distributions = self.conditionals(path)
    return tuple(
      sampling.log_prob(distribution, sample)
      for distribution, sample in zip(distributions, path, strict=True)
    )

  def log_prob(self, samples: types.Samples) -> tf.Tensor:
    """Returns log q(z | x) of all layers together, `[K, B]`, in nats."""
    return tf.add_n(self.log_probs(samples))

  def sample_and_score(
    self, log_joint: types.LogJoint, num_samples: int, *, seed: types.Seed
  ) -> types.Draw:
    """Returns a draw of K samples, through which gradients flow.

    Args:
      log_joint: maps samples `[K, B, ...]` to `[K, B]`, in nats. A posterior
        that can score any sample does not call `log_joint` here.
      num_samples: K.
      seed: an integer or an int32 `[2]` tensor.
    Returns:
      A Draw. The `extras` of a posterior that scores only its own samples hold
      `log_p` and `log_q`, `[K, B]`, whose difference is the log-weight.
    """
    del log_joint
    return types.Draw(self.sample(num_samples, seed=seed))

  def draw_stopped(
    self, log_joint: types.LogJoint, num_samples: int, *, seed: types.Seed
  ) -> types.Draw:
    """Returns a draw that serves values, and no gradients."""
    if not self.can_rescore:
      return self.sample_and_score(log_joint, num_samples, seed=seed)
    return types.Draw(self.sample_stopped(num_samples, seed=seed))

  def log_q(self, draw: types.Draw) -> tf.Tensor:
    """Returns the term that log-weights subtract, `[K, B]`, in nats."""
    if not self.can_rescore:
      if draw.extras is None:
        raise ValueError(
          'This posterior scores only the samples that it draws itself: `draw` '
          'must be a draw of this posterior. Received: extras=None'
        )
      return draw.extras.log_q
    return self.log_prob(draw.samples)

  def log_weights(
    self, log_joint: types.LogJoint, draw: types.Draw
  ) -> tf.Tensor:
    """Returns log p(x, z) - log q(z | x) of a draw, `[K, B]`, in nats.

    The result carries its whole derivative: through the samples, through the
    density of q, and in the parameters of the model and of the prior.
    """
    log_q = self.log_q(draw)
    if not self.can_rescore:
      return draw.extras.log_p - log_q
    return checks.call_log_joint(log_joint, draw.samples, log_q) - log_q

  def elbo_integrand(
    self, log_joint: types.LogJoint, draw: types.Draw
  ) -> tf.Tensor | None:
    """Returns `[K, B]` values whose mean is the ELBO, with less variance.

    Only the estimator `elbo` asks for them. None says that the posterior knows
    no better values than the log-weights.
    """
    del log_joint, draw
    return None

  def with_prior(self, prior: tfd.Distribution) -> Posterior:
    """Returns this posterior, with a control variate made from the prior.

    `analytic_kl=True` asks for a control variate where the posterior has no
    divergence from the prior in closed form.

    Raises:
      ValueError: if the posterior has no control variate.
    """
    del prior
    raise ValueError(
      '`analytic_kl` needs a posterior with a divergence in closed form, or '
      'with a control variate, `with_prior`, as posteriors.Hamiltonian has. '
      f'Received: {self!r}'
    )

  def _cannot_rescore(self) -> ValueError:
    return ValueError(
      'This posterior scores only the samples that it draws itself, along '
      'log_joint. Expected: an estimator of an attached bound (elbo, iwae, '
      'ciwae, renyi, miwae), or a posterior that can score any sample. '
      f'Received: {self!r}'
    )


PosteriorLike: TypeAlias = Posterior | tfd.Distribution


class DistributionPosterior(Posterior):
  """A posterior of one stochastic layer, made from a plain distribution."""

  def __init__(self, distribution: tfd.Distribution):
    """Makes the posterior.

    Args:
      distribution: of batch shape `[B]`.
    Raises:
      ValueError: if the batch shape is known and is not `[B]`, because a
        factorized sample would not be scored as a whole.
    """
    rank = distribution.batch_shape.rank
    if rank is not None and rank != 1:
      raise ValueError(
        'The posterior must have the batch shape [B], one per example; wrap '
        'independent dimensions in tfd.Independent(..., '
        'reinterpreted_batch_ndims=1). Received: batch_shape='
        f'{distribution.batch_shape}, event_shape={distribution.event_shape}'
      )
    self._distribution = distribution

  def __repr__(self) -> str:
    return repr(self._distribution)

  def conditional(self, previous: Sequence[tf.Tensor]) -> tfd.Distribution:
    """Returns the distribution."""
    del previous
    return self._distribution


def as_posterior(posterior: PosteriorLike) -> Posterior:
  """Returns a posterior: the argument, or a plain distribution wrapped.

  The public doors call this function (`estimate`, `expectation`, and the
  methods of an estimator, which users may call with a plain distribution).

  Raises:
    ValueError: for an object that is neither a `tfd.Distribution` of batch
      shape `[B]` nor a `Posterior`.
  """
  if isinstance(posterior, Posterior):
    return posterior
  if isinstance(posterior, tfd.JointDistribution):
    raise ValueError(
      'The posterior must draw one tensor for each stochastic layer: several '
      'layers are a tf_mco.posteriors.Chain. Received: a joint distribution, '
      f'{posterior!r}'
    )
  if isinstance(posterior, tfd.Distribution):
    return DistributionPosterior(posterior)
  raise ValueError(
    'The posterior must be a tfd.Distribution or one of '
    'tf_mco.posteriors (a class of your own extends '
    f'tf_mco.posteriors.Posterior). Received: {posterior!r}'
  )
