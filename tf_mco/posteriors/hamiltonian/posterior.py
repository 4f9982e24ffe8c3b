"""Hamiltonian importance sampling: samples that follow log p(x, z) uphill."""

from __future__ import annotations

import copy
from typing import Any

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.ops import checks
from tf_mco.posteriors import protocol
from tf_mco.posteriors.hamiltonian import leapfrog
from tf_mco.posteriors.hamiltonian import log_weights as log_weights_lib
from tf_mco.posteriors.hamiltonian import tempering as tempering_lib
from tf_mco.posteriors.hamiltonian import validation


class Hamiltonian:
  """A base distribution whose samples are moved by tempered leapfrog steps.

  A sample z0 of the base and a momentum p0 = scale * gamma, gamma ~ N(0, I),
  follow the Hamiltonian -log p(x, z) + |p|^2 / 2 to (z, p). With the momenta as
  further variables, of the model N(p; 0, I), the log-weight is exact:

    log p(x, z) + log N(p; 0, I) - log q(z0 | x) - log N(gamma; 0, I).

  Gradients flow through the gradient of log_joint, to the step sizes, the
  temperatures, the base and the model, and estimators of an attached bound
  (elbo, iwae, ciwae, renyi, miwae) and `tf_mco.evaluation` serve it. It scores
  its own samples only: estimators that must score again refuse it.
  """

  can_rescore = False

  def __init__(
    self,
    base: tfd.Distribution,
    *,
    num_steps: int,
    step_size: Any,
    tempering: str = 'none',
    schedule: str = 'inverse_sqrt_beta',
    initial_temperature: Any = 1.5,
    alphas: Any = None,
    recompute: bool = False,
  ):
    """Makes the posterior; it owns no variables.

    Args:
      base: q(z0 | x), reparameterized, of batch shape `[B]`, real variables.
      num_steps: leapfrog steps; with 0 it is the base, and no momentum is
        drawn.
      step_size: positive; a scalar or of the event's shape, `[D]`. With a
        leading axis of `num_steps` (or 1), one for each step; with a further
        one of B behind it, one for each example: `[num_steps, B, D]`.
      tempering: 'none'; 'fixed', T[k] = T[0] + (1 - T[0]) k^2 / num_steps^2;
        or 'free', by `alphas`.
      schedule: what T is in 'fixed': 'inverse_sqrt_beta', the momentum's
        standard deviation, as in the paper and in its Gaussian experiment;
        'variance', its variance, as in the original MNIST experiment.
      initial_temperature: T[0] >= 1 of 'fixed', a scalar or `[B]`; not used
        otherwise.
      alphas: for 'free', the factor of the momentum after each step, in (0, 1],
        `[num_steps]` or `[num_steps, B]`; by default 0.9 each. The momentum
        then starts at the variance (prod_k alphas[k])^-2.
      recompute: trades time for memory; see `ops.leapfrog.integrate`.
    Raises:
      ValueError: for a base without reparameterization, and options out of
        range or of the wrong shape. Where a step size or temperature is not
        known before a compiled step runs, it makes the log-weights NaN.
    Reference: Caterini, Doucet and Sejdinovic (2018), arXiv:1805.11328.
    """
    validation.check_base(base)
    checks.at_least('num_steps', num_steps, 0)
    checks.boolean('recompute', recompute)
    tempering_lib.check(tempering, schedule, alphas)
    self.base, self.num_steps, self.recompute = base, num_steps, recompute
    self._step_size = step_size
    self._tempering, self._schedule = tempering, schedule
    self._initial_temperature = initial_temperature
    self._alphas = [0.9] * num_steps if alphas is None else alphas
    self._prior: tfd.Distribution | None = None
    # Here rather than in the first draw: what is out of range raises.
    self.step_sizes()
    self.tempering()

  def __repr__(self) -> str:
    return (
      f'Hamiltonian({self.base!r}, num_steps={self.num_steps}, '
      f'tempering={self._tempering!r})'
    )

  @property
  def dtype(self) -> tf.DType:
    """That of the base, of samples and of log-weights."""
    return self.base.dtype

  @property
  def event_shape(self) -> tf.TensorShape:
    """That of the base."""
    return self.base.event_shape

  @property
  def evaluations_per_sample(self) -> int:
    """Calls of log_joint and of its gradient for each sample."""
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
      A Draw whose `extras` are `Trajectories`; gradients flow to all of it.
    Raises:
      ValueError: if log_joint has no gradient; in eager execution, if a
        trajectory is not finite.
    """
    start = protocol.sample(self.base, num_samples, seed=seed)
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
      log_joint: as of `sample_and_score`.
      start: `[K, B, ...]`, samples of the base.
      noise: of the same shape, standard normal.
    """
    log_base = protocol.log_prob(self.base, start)
    if not self.num_steps:
      log_p = checks.call_log_joint(log_joint, start, log_base)
      kept = log_weights_lib.Trajectories(log_p, log_base, start, noise, noise)
      return types.Draw(start, extras=kept)
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
    kept = log_weights_lib.Trajectories(
      log_p, log_q, start, noise, end.momentum
    )
    return types.Draw(end.position, extras=kept)

  def elbo_integrand(
    self, log_joint: types.LogJoint, draw: types.Draw
  ) -> tf.Tensor:
    """Returns `[K, B]`, whose mean is that of the log-weights: the ELBO.

    With the terms of z0 and gamma integrated out, where the entropy of the
    base has a closed form:

      log p(x, z) + log N(p; 0, I) + H(q(z0 | x)) + d (1 + log 2 pi) / 2.

    After `with_prior`, the log-weight with a control variate instead, which has
    less variance the shorter the steps are.

    Args:
      log_joint: that of the draw, which has evaluated it.
      draw: of this posterior.
    """
    del log_joint
    if self._prior is not None:
      return log_weights_lib.controlled(draw.extras, self.base, self._prior)
    return log_weights_lib.integrated(
      draw.extras, self.base, bool(self.num_steps)
    )

  def with_prior(self, prior: tfd.Distribution) -> Hamiltonian:
    """Returns this posterior, with a control variate in `elbo_integrand`.

    That is log q(z0 | x) - log p(z0) - KL(q(z0 | x) || p), of mean zero. As
    the step sizes go to 0 it leaves log p(x | z) - KL: the plain VAE's bound
    with its divergence in closed form.

    Args:
      prior: p(z), as it is in `log_joint`.
    Raises:
      ValueError: if TFP knows no divergence between base and prior.
    """
    try:
      tfd.kl_divergence(self.base, prior)
    except NotImplementedError as error:
      raise ValueError(
        'The control variate needs KL(base || prior) in closed form. Received: '
        f'{self.base!r} and {prior!r}'
      ) from error
    made = copy.copy(self)
    made._prior = prior
    return made
