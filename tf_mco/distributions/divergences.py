"""KL divergences in closed form, in nats, accurate at every concentration.

The functions are registered with TFP, so that `tfd.kl_divergence` finds them
for each family of `tf_mco.distributions`, also against the TFP class of the
same family. They are computed in float64, because the terms cancel.
"""

from __future__ import annotations

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import beta
from tf_mco.distributions import dirichlet
from tf_mco.distributions import gamma
from tf_mco.distributions import log_space
from tf_mco.distributions import von_mises
from tf_mco.distributions.numerics import von_mises as von_mises_numerics


def _kl_gamma(p: tfd.Gamma, q: tfd.Gamma, name: str | None = None) -> tf.Tensor:
  """Returns KL(p || q) of two Gamma distributions, `[...]`, in nats."""
  del name
  rates = p._log_rate_parameter(), q._log_rate_parameter()
  result = _gamma_terms(p.concentration, q.concentration, *rates)
  return tf.cast(result, p.dtype)


def _kl_inverse_gamma(
  p: tfd.InverseGamma, q: tfd.InverseGamma, name: str | None = None
) -> tf.Tensor:
  """Returns KL(p || q) of two InverseGamma distributions, `[...]`, in nats.

  The divergence is that of the reciprocals, which are Gamma variables.
  """
  del name
  scales = tf.math.log(p.scale), tf.math.log(q.scale)
  result = _gamma_terms(p.concentration, q.concentration, *scales)
  return tf.cast(result, p.dtype)


def _gamma_terms(
  a: types.TensorLike,
  b: types.TensorLike,
  log_rate_a: types.TensorLike,
  log_rate_b: types.TensorLike,
) -> tf.Tensor:
  """Returns KL(Gamma(a, rate_a) || Gamma(b, rate_b)), float64."""
  a, b, log_rate_a, log_rate_b = log_space.in_float64(
    a, b, log_rate_a, log_rate_b
  )
  # The rates enter by their ratio alone, and expm1 keeps its digits near 1.
  change = log_rate_b - log_rate_a
  return (
    (a - b) * tf.math.digamma(a)
    + tf.math.lgamma(b)
    - tf.math.lgamma(a)
    - b * change
    + a * tf.math.expm1(change)
  )


def _kl_dirichlet(
  p: tfd.Dirichlet, q: tfd.Dirichlet, name: str | None = None
) -> tf.Tensor:
  """Returns KL(p || q) of two Dirichlet distributions, `[...]`, in nats."""
  del name
  result = _dirichlet_terms(p.concentration, q.concentration)
  return tf.cast(result, p.dtype)


def _kl_beta(p: tfd.Beta, q: tfd.Beta, name: str | None = None) -> tf.Tensor:
  """Returns KL(p || q) of two Beta distributions, `[...]`, in nats.

  A Beta distribution is a Dirichlet distribution of two components.
  """
  del name
  pair = [
    tf.stack(
      [
        d.concentration1 + tf.zeros_like(d.concentration0),
        d.concentration0 + tf.zeros_like(d.concentration1),
      ],
      axis=-1,
    )
    for d in (p, q)
  ]
  return tf.cast(_dirichlet_terms(*pair), p.dtype)


def _dirichlet_terms(a: types.TensorLike, b: types.TensorLike) -> tf.Tensor:
  """Returns KL(Dirichlet(a) || Dirichlet(b)), float64."""
  a, b = log_space.in_float64(a, b)
  total_a, total_b = (tf.reduce_sum(c, -1, keepdims=True) for c in (a, b))
  mean_log = tf.math.digamma(a) - tf.math.digamma(total_a)
  each = tf.math.lgamma(b) - tf.math.lgamma(a) + (a - b) * mean_log
  totals = tf.math.lgamma(total_a) - tf.math.lgamma(total_b)
  return tf.reduce_sum(each, -1) + totals[..., 0]


def _kl_von_mises(
  p: tfd.VonMises, q: tfd.VonMises, name: str | None = None
) -> tf.Tensor:
  """Returns KL(p || q) of two von Mises distributions, `[...]`, in nats.

  Let A = I1(k1) / I0(k1), let I0e(k) = exp(-k) I0(k) be the scaled Bessel
  function, and d the distance of the locations. The divergence is

    log(I0e(k2) / I0e(k1)) - (k1 - k2) (1 - A) + 2 k2 A sin^2(d / 2).
  """
  del name
  k1, k2, distance = log_space.in_float64(
    p.concentration, q.concentration, p.loc - q.loc
  )
  defect = von_mises_numerics.resultant_defect(k1)
  ratio = von_mises_numerics.log_bessel_0(k2)
  ratio -= von_mises_numerics.log_bessel_0(k1)
  apart = 2 * k2 * (1 - defect) * tf.sin(distance / 2) ** 2
  return tf.cast(ratio - (k1 - k2) * defect + apart, p.dtype)


for ours, theirs, divergence in (
  (gamma.Gamma, tfd.Gamma, _kl_gamma),
  (gamma.InverseGamma, tfd.InverseGamma, _kl_inverse_gamma),
  (beta.Beta, tfd.Beta, _kl_beta),
  (dirichlet.Dirichlet, tfd.Dirichlet, _kl_dirichlet),
  (von_mises.VonMises, tfd.VonMises, _kl_von_mises),
):
  tfd.RegisterKL(ours, theirs)(divergence)
  tfd.RegisterKL(theirs, ours)(divergence)
