"""KL divergences in closed form, with digits left at every concentration."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco._tfp import tfd
from tf_mco.distributions import beta
from tf_mco.distributions import dirichlet
from tf_mco.distributions import gamma
from tf_mco.distributions import inverse_gamma
from tf_mco.distributions import log_space
from tf_mco.distributions import von_mises
from tf_mco.distributions.numerics import von_mises as von_mises_ops


def _kl_gamma(p: Any, q: Any, name: str | None = None) -> tf.Tensor:
  """Returns KL(p || q) of two Gammas, nats, `[...]`."""
  del name
  rates = p._log_rate_parameter(), q._log_rate_parameter()
  result = _gamma_terms(p.concentration, q.concentration, *rates)
  return tf.cast(result, p.dtype)


def _kl_inverse_gamma(p: Any, q: Any, name: str | None = None) -> tf.Tensor:
  """Returns KL(p || q) of two InverseGammas: that of their reciprocals."""
  del name
  scales = tf.math.log(p.scale), tf.math.log(q.scale)
  result = _gamma_terms(p.concentration, q.concentration, *scales)
  return tf.cast(result, p.dtype)


def _gamma_terms(a: Any, b: Any, log_rate_a: Any, log_rate_b: Any) -> tf.Tensor:
  a, b, log_rate_a, log_rate_b = log_space.in_float64(
    a, b, log_rate_a, log_rate_b
  )
  change = log_rate_b - log_rate_a
  return (
    (a - b) * tf.math.digamma(a)
    + tf.math.lgamma(b)
    - tf.math.lgamma(a)
    - b * change
    + a * tf.math.expm1(change)
  )


def _kl_dirichlet(p: Any, q: Any, name: str | None = None) -> tf.Tensor:
  """Returns KL(p || q) of two Dirichlets, nats, `[...]`."""
  del name
  result = _dirichlet_terms(p.concentration, q.concentration)
  return tf.cast(result, p.dtype)


def _kl_beta(p: Any, q: Any, name: str | None = None) -> tf.Tensor:
  """Returns KL(p || q) of two Betas, which are Dirichlets of two."""
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


def _dirichlet_terms(a: Any, b: Any) -> tf.Tensor:
  a, b = log_space.in_float64(a, b)
  total_a, total_b = (tf.reduce_sum(c, -1, keepdims=True) for c in (a, b))
  mean_log = tf.math.digamma(a) - tf.math.digamma(total_a)
  each = tf.math.lgamma(b) - tf.math.lgamma(a) + (a - b) * mean_log
  totals = tf.math.lgamma(total_a) - tf.math.lgamma(total_b)
  return tf.reduce_sum(each, -1) + totals[..., 0]


def _kl_von_mises(p: Any, q: Any, name: str | None = None) -> tf.Tensor:
  """Returns KL(p || q) of two von Mises variables, nats, `[...]`.

  With A the mean resultant length, log I0e(k2) / I0e(k1) - (k1 - k2) (1 - A) +
  2 k2 A sin^2(half the distance of the locations).
  """
  del name
  k1, k2, distance = log_space.in_float64(
    p.concentration, q.concentration, p.loc - q.loc
  )
  defect = von_mises_ops.resultant_defect(k1)
  ratio = tf.math.log(tf.math.bessel_i0e(k2) / tf.math.bessel_i0e(k1))
  apart = 2 * k2 * (1 - defect) * tf.sin(distance / 2) ** 2
  return tf.cast(ratio - (k1 - k2) * defect + apart, p.dtype)


for ours, theirs, divergence in (
  (gamma.Gamma, tfd.Gamma, _kl_gamma),
  (inverse_gamma.InverseGamma, tfd.InverseGamma, _kl_inverse_gamma),
  (beta.Beta, tfd.Beta, _kl_beta),
  (dirichlet.Dirichlet, tfd.Dirichlet, _kl_dirichlet),
  (von_mises.VonMises, tfd.VonMises, _kl_von_mises),
):
  tfd.RegisterKL(ours, theirs)(divergence)
  tfd.RegisterKL(theirs, ours)(divergence)
