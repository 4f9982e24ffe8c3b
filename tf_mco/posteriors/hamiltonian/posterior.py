"""Hamiltonian importance sampling: samples that follow log p(x, z) uphill."""

from __future__ import annotations

import copy

import numpy as np
import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import supports
from tf_mco.ops import checks
from tf_mco.posteriors import periodicity
from tf_mco.posteriors import posterior as posterior_lib
from tf_mco.posteriors.hamiltonian import leapfrog
from tf_mco.posteriors.hamiltonian import log_weights as log_weights_lib
from tf_mco.posteriors.hamiltonian import tempering as tempering_lib
from tf_mco.posteriors.hamiltonian import validation


class Hamiltonian(posterior_lib.Posterior):
  """A base distribution whose samples are moved by tempered leapfrog steps.

  A sample z0 of the base and a momentum p0 = scale * gamma, gamma ~ N(0, I),
  follow the Hamiltonian -log p(x, z) + |p|^2 / 2 to (z, p). The momenta are
  further variables, which the model draws from N(p; 0, I). The log-weight is
  therefore exact:

    log w = log p(x, z) + log N(p; 0, I) - log q(z0 | x) - log N(gamma; 0, I).

  Use this posterior where the gradient of log p(x, z) is cheap and a
  factorized posterior is too narrow. Gradients flow through the gradient of
  log_joint to the step sizes, to the temperatures, to the base and to the
  model. The estimators of an attached bound (elbo, iwae, ciwae, renyi, miwae)
  and `tf_mco.evaluation` serve it.

  Warning: this posterior scores only the samples that it draws itself, so
  that estimators which score other samples refuse it. The base must be a
  distribution of real variables, because a leapfrog step may reach any real
  number, or of angles, which may leave [-pi, pi].

  #### Example

  >>> import tensorflow_probability as tfp
  >>> import tf_mco
  >>> tfd = tfp.distributions
  >>> base = tfd.Independent(tfd.Normal(tf.zeros([4, 2]), 1.0), 1)
  >>> posterior = Hamiltonian(base, num_steps=3, step_size=0.1)
  >>> log_joint = lambda z: -tf.reduce_sum((z - 1.0) ** 2, axis=-1)
  >>> elbo = tf_mco.get_estimator('elbo', num_samples=5)
  >>> print(tf_mco.estimate(elbo, log_joint, posterior, seed=0).bound.shape)
  (4,)
  >>> elbo.evaluations(posterior)
  20

  Reference: Caterini, Doucet and Sejdinovic (2018), arXiv:1805.11328.
  """

  can_rescore = False

  def __init__(
    self,
    base: tfd.Distribution,
    *,
    num_steps: int,
    step_size: float | np.ndarray | tf.Tensor,
    tempering: str = 'none',
    schedule: str = 'inverse_sqrt_beta',
    initial_temperature: float | tf.Tensor = 1.5,
    alphas: list[float] | np.ndarray | tf.Tensor | None = None,
    recompute: bool = False,
  ):
    """Makes the posterior, which owns no variables.

    Args:
      base: q(z0 | x), reparameterized, of batch shape `[B]`, over real
        variables.
      num_steps: the number of leapfrog steps. Without any step the posterior
        is the base, and no momentum is drawn.
      step_size: positive; a scalar or of the event's shape, `[D]`. A leading
        axis of `num_steps` (or 1) gives one size for each step. A further axis
        of B behind that axis gives one for each example: `[num_steps, B, D]`.
      tempering: 'none'; 'fixed', T[k] = T[0] + (1 - T[0]) k^2 / num_steps^2;
        or 'free', by `alphas`.
      schedule: the meaning of T in 'fixed'. 'inverse_sqrt_beta': T is the
        momentum's standard deviation, as in the paper and in its Gaussian
        experiment. 'variance': T is its variance, as in the original MNIST
        experiment.
      initial_temperature: T[0] >= 1 of 'fixed', a scalar or `[B]`; the other
        kinds of tempering do not use it.
      alphas: for 'free', the factor of the momentum after each step, in (0, 1],
        `[num_steps]` or `[num_steps, B]`; 0.9 each by default. The momentum
        then starts at the variance (prod_k alphas[k])^-2.
      recompute: whether memory is saved at the cost of time, see
        `leapfrog.integrate`.
    Raises:
      ValueError: for a base without reparameterization or of another support
        than real numbers or angles, and for options out of
        range or of the wrong shape. A step size or a temperature whose value is
        not known before a compiled step runs makes the log-weights NaN instead.
    """
    validation.check_base(base)
    num_steps = checks.at_least('num_steps', num_steps, 0)
    recompute = checks.boolean('recompute', recompute)
    tempering_lib.check(tempering, schedule, alphas)
    self._base, self.num_steps, self.recompute = base, num_steps, recompute
    self._start = posterior_lib.as_posterior(base)
    self._step_size = step_size
    self._tempering, self._schedule = tempering, schedule
    self._initial_temperature = initial_temperature
    self._alphas = [0.9] * num_steps if alphas is None else alphas
    self._prior: tfd.Distribution | None = None
    # These two calls raise for values out of range here, not in the first draw.
    self.step_sizes()
    self.tempering()

  def __repr__(self) -> str:
    return (
      f'Hamiltonian({self.base!r}, num_steps={self.num_steps}, '
      f'tempering={self._tempering!r})'
    )

  @property
  def base(self) -> tfd.Distribution:
    """The distribution q(z0 | x) whose samples the steps move."""
    return self._base

  @property
  def dtype(self) -> tf.DType:
    """The dtype of the base, of samples and of log-weights."""
    return self.base.dtype

  @property
  def event_shape(self) -> tf.TensorShape:
    """The event shape of the base, hence of a sample."""
    return self.base.event_shape

  @property
  def evaluations_per_sample(self) -> int:
    """The calls of log_joint and of its gradient for each sample."""
    return self.num_steps + 1

  def step_sizes(self) -> tuple[tf.Tensor, ...]:
    """Returns a step size for each step, broadcasting against samples."""
    return validation.step_sizes(
      self._step_size, self.num_steps, self.event_shape, self.dtype
    )

  def tempering(self) -> tempering_lib.Tempering:
    """Returns the factors of the momentum, scalars or `[B]`."""
    return tempering_lib.make(
      self._tempering,
      self.num_steps,
      self.dtype,
      schedule=self._schedule,
      initial_temperature=self._initial_temperature,
      alphas=self._alphas,
    )

  def require_periodic(
    self, integrand: types.Integrand, samples: types.Samples
  ) -> None:
    """Raises ValueError for an integrand of angles that is not periodic."""
    periodicity.check(integrand, [self.base], samples)

  def sample_and_score(
    self, log_joint: types.LogJoint, num_samples: int, *, seed: types.Seed
  ) -> types.Draw:
    """Returns K samples, and in `extras` all that their log-weights need.

    Args:
      log_joint: maps samples `[K, B, ...]` to `[K, B]`, in nats;
        differentiable, each value depending on its own sample only.
      num_samples: K.
      seed: an integer or an int32 `[2]` tensor. The base is sampled as it
        would be alone with the same seed.
    Returns:
      A Draw whose `extras` are `Trajectories`; gradients flow to all of them.
    Raises:
      ValueError: if log_joint has no gradient; in eager execution also if a
        trajectory is not finite.
    """
    start = self._start.sample(num_samples, seed=seed)
    noise = tf.zeros_like(start)
    if self.num_steps:
      momentum_seed = random.fold_in(seed, random.Salt.MOMENTUM)
      noise = log_weights_lib.standard_normal(start, seed=momentum_seed)
    return self.transport(log_joint, start, noise)

  def transport(
    self, log_joint: types.LogJoint, start: tf.Tensor, noise: tf.Tensor
  ) -> types.Draw:
    """Returns the draw that follows from given randomness.

    Args:
      log_joint: the argument of `sample_and_score`.
      start: `[K, B, ...]`, samples of the base.
      noise: of the same shape, standard normal.
    """
    log_base = self._start.log_prob(start)
    if not self.num_steps:
      log_p = checks.call_log_joint(log_joint, start, log_base)
      unmoved = log_weights_lib.Trajectories(
        log_p, log_base, start, noise, noise
      )
      return types.Draw(start, extras=unmoved)
    sizes, (scale, alphas) = self.step_sizes(), self.tempering()
    end = leapfrog.integrate(
      lambda z: checks.call_log_joint(log_joint, z, log_base),
      start,
      log_weights_lib.against(scale, start) * noise,
      sizes,
      [log_weights_lib.against(alpha, start) for alpha in alphas],
      recompute=self.recompute,
    )
    log_q = log_weights_lib.log_q(log_base, noise, end.momentum)
    log_p = validation.poison(end, log_q, sizes)
    trajectories = log_weights_lib.Trajectories(
      log_p, log_q, start, noise, end.momentum
    )
    return types.Draw(end.position, extras=trajectories)

  def elbo_integrand(
    self, log_joint: types.LogJoint, draw: types.Draw
  ) -> tf.Tensor:
    """Returns `[K, B]` values whose mean is the ELBO, with less variance.

    The terms of z0 and gamma are integrated out where the entropy of the base
    has a closed form:

      log p(x, z) + log N(p; 0, I) + H(q(z0 | x)) + d (1 + log 2 pi) / 2.

    After `with_prior` the values are the log-weights with a control variate
    instead, whose variance is the lower, the shorter the steps are.

    Args:
      log_joint: the function of the draw, which has evaluated it.
      draw: a draw of this posterior.
    """
    del log_joint
    if self._prior is not None:
      return log_weights_lib.controlled(draw.extras, self.base, self._prior)
    return log_weights_lib.integrated(
      draw.extras, self.base, bool(self.num_steps)
    )

  def with_prior(self, prior: tfd.Distribution) -> Hamiltonian:
    """Returns this posterior, with a control variate in `elbo_integrand`.

    The control variate is log q(z0 | x) - log p(z0) - KL(q(z0 | x) || p), of
    mean zero. As the step sizes go to 0, log p(x | z) - KL is left: the bound
    of a plain VAE with its divergence in closed form.

    Args:
      prior: p(z), the same distribution as in `log_joint`.
    Raises:
      ValueError: if base and prior have different supports, or if TFP knows no
        divergence between them.
    """
    supports.require_equal('the base', self.base, 'the prior', prior)
    try:
      tfd.kl_divergence(self.base, prior)
    except NotImplementedError as error:
      raise ValueError(
        'The control variate needs KL(base || prior) in closed form. Received: '
        f'{self.base!r} and {prior!r}'
      ) from error
    controlled = copy.copy(self)
    controlled._prior = prior
    return controlled
