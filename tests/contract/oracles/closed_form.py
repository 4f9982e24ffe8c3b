"""The oracle of expectations that have a closed form.

These are the ELBO of a linear Gaussian model, and means under Gamma variables.
Only the nodes of the draws come from quadrature, and their error is far below
the tolerance.
"""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import functools
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
from scipy import special
from scipy import stats
import tensorflow as tf

from tests.contract.oracles import gaussian_problems
from tests.contract.oracles import oracle
from tests.contract.oracles import quadrature
from tf_mco import distributions
from tf_mco import types
from tf_mco._tfp import tfd

if TYPE_CHECKING:
  from tests.contract import table


@dataclasses.dataclass(frozen=True)
class GaussianElbo(quadrature.Quadrature):
  """One sample of a Gaussian model, whose bound is the ELBO.

  With one sample the integrands are polynomials of the noise, and a few nodes
  integrate them without error.
  """

  least: ClassVar[float] = 1e-3

  def __str__(self) -> str:
    return f'{self.kind}-closed'

  @property
  def tolerance(self) -> tuple[float, float]:
    """The relative and the absolute error of a mean."""
    return 0.0, 1e-12

  def exact(self, row: table.Row, count: int) -> oracle.Estimates:
    """See `oracle.Oracle`. A score without a signal has mean zero."""
    assert count == 1
    exact = _gaussian_elbo(self.problem)
    if not row.zero_at_one:
      return exact
    zero = {
      name: np.zeros_like(exact.gradient[name])
      for name in self.problem.groups['posterior']
    }
    return exact._replace(gradient={**exact.gradient, **zero})


@functools.cache
def _gaussian_elbo(problem: gaussian_problems.Problem) -> oracle.Estimates:
  p = problem.rows()
  with tf.GradientTape() as tape:
    tape.watch(p)
    value = _elbo_of(problem, p)
  gradient = tape.gradient(value, {name: p[name] for name in problem.names})
  numbers = {name: g.numpy() for name, g in gradient.items()}
  return oracle.Estimates(value.numpy(), numbers)


def _elbo_of(
  problem: gaussian_problems.Problem, p: oracle.Parameters
) -> tf.Tensor:
  """Returns E_q[log p(x, z)] plus q's entropy, in the means and variances."""
  mean, variance = p['loc'], tf.exp(2 * p['log_scale'])
  projected = tf.reduce_sum(p['slope'] ** 2 * variance, -1)
  if problem.kind == 'tril':
    square = p['corner'] ** 2
    variance += tf.stack([tf.zeros_like(square), square], -1)
    projected += p['slope'][:, 1] ** 2 * square
    cross = tf.exp(p['log_scale'][:, 0]) * p['corner']
    projected += 2 * p['slope'][:, 0] * p['slope'][:, 1] * cross
  error = p['x'] - p['shift'] - tf.reduce_sum(p['slope'] * mean, -1)
  total = _expected_normal(error, projected, p['log_noise'])
  total += tf.reduce_sum(p['log_scale'], -1)
  total += 0.5 * (1 + np.log(2 * np.pi)) * problem.noise_size
  if problem.kind == 'chain':
    mean2 = p['weight'] * mean + p['bias']
    variance2 = p['weight'] ** 2 * variance + tf.exp(2 * p['log_scale2'])
    error = mean - p['slope2'] * mean2 - p['shift2']
    spread = variance + p['slope2'] ** 2 * variance2
    spread -= 2 * p['slope2'] * p['weight'] * variance
    between = _expected_normal(error, spread, p['log_noise2'])
    total += (between + p['log_scale2'])[:, 0]
    mean, variance = mean2, variance2
  error = mean - p['prior_loc']
  prior = _expected_normal(error, variance, p['prior_log_scale'])
  return total + tf.reduce_sum(prior, -1)


def _expected_normal(
  error: tf.Tensor, variance: tf.Tensor, log_scale: tf.Tensor
) -> tf.Tensor:
  """Returns E[log N(y; 0, s^2)] for y of that mean and variance."""
  square = (error**2 + variance) * tf.exp(-2 * log_scale)
  return -0.5 * square - log_scale - 0.5 * np.log(2 * np.pi)


# Gamma variables.

_COSTS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
  'square': lambda z: tf.reduce_sum((z - 0.7) ** 2, -1),
  'log': lambda z: tf.reduce_sum(tf.math.log(z), -1) + 3,
}
_Numbers: TypeAlias = dict[str, Any]


@dataclasses.dataclass(frozen=True, eq=False)
class GammaProblem(oracle.Problem):
  """A problem with a count of 3, which is Poisson(slope z), and z ~ Gamma.

  Args:
    values: 'alpha' and 'rate' of q; 'log_slope'; 'prior_alpha', 'prior_rate'.
    function: the cost, a key of `_COSTS`.
  """

  function: str = 'square'

  @property
  def groups(self) -> dict[str, tuple[str, ...]]:
    """See `oracle.Problem`."""
    return {
      'posterior': ('alpha', 'rate'),
      'model': ('log_slope',),
      'prior': ('prior_alpha', 'prior_rate'),
    }

  def posterior(self, parameters: oracle.Parameters) -> Any:
    """See `oracle.Problem`."""
    gamma = distributions.Gamma(
      parameters['alpha'][:, None], parameters['rate'][:, None]
    )
    return tfd.Independent(gamma, 1)

  def log_joint(self, parameters: oracle.Parameters) -> types.LogJoint:
    """See `oracle.Problem`."""
    p = parameters

    def log_joint(z: tf.Tensor) -> tf.Tensor:
      z = z[..., 0]
      mean = tf.exp(p['log_slope']) * z
      prior = tfd.Gamma(p['prior_alpha'], p['prior_rate'])
      return 3 * tf.math.log(mean) - mean + prior.log_prob(z)

    return log_joint

  def cost(self, parameters: oracle.Parameters) -> types.LogJoint:
    """See `oracle.Problem`."""
    del parameters
    return _COSTS[self.function]

  def draw(
    self, parameters: oracle.Parameters, source: Any, *, stopped: bool
  ) -> types.Draw:
    """See `oracle.Problem`; the source is `[1, R, 1]` noise, and uniforms."""
    del parameters, stopped
    noise, *uniforms = map(tf.convert_to_tensor, source)
    if not uniforms:
      return types.Draw(None, extras=noise)
    log_u = tf.math.log(uniforms[0])[:, tf.newaxis]
    return types.Draw(None, extras=(noise, log_u))

  def source(self, draw: types.Draw) -> Any:
    """See `oracle.Problem`."""
    if not isinstance(draw.extras, tuple):
      return (draw.extras.numpy(),)
    noise, log_u = draw.extras
    return noise.numpy(), np.exp(log_u.numpy()[:, 0])


@dataclasses.dataclass(frozen=True)
class GammaNoise(oracle.Oracle):
  """One sample of Gamma variables made of the noise of RSVI or GREP.

  Args:
    alphas: of the examples.
    rates: of the examples.
    function: whose expectation is estimated, beside the ELBO.
  """

  alphas: tuple[float, ...] = (0.6, 2.5, 30.0)
  rates: tuple[float, ...] = (1.0, 4.0, 1.0)
  function: str = 'square'

  tolerance: ClassVar[tuple[float, float]] = (1e-6, 1e-9)
  of_each_value: ClassVar[tuple[float, float]] = (1e-5, 1e-5)
  of_each_draw: ClassVar[tuple[float, float]] = (1e-5, 1e-5)
  of_probability: ClassVar[float] = 1e-10
  of_variance: ClassVar[float] = 1e-6

  def __str__(self) -> str:
    return f'gamma-{self.function}'

  @property
  def problem(self) -> GammaProblem:
    """See `oracle.Oracle`."""
    return _gamma_problem(self.alphas, self.rates, self.function)

  @property
  def num_examples(self) -> int:
    """The number of examples, N."""
    return len(self.alphas)

  def outcomes(self, row: table.Row, count: int) -> oracle.Outcomes:
    """See `oracle.Oracle`."""
    assert count == 1
    parts = [_gamma_nodes(row, alpha) for alpha in self.alphas]
    sizes = [len(part.probability) for part in parts]
    example = np.repeat(np.arange(len(parts)), sizes)
    probability = np.concatenate([part.probability for part in parts])
    sources = zip(*(part.source for part in parts), strict=True)
    source = tuple(np.concatenate(arrays, 1) for arrays in sources)
    return oracle.Outcomes(example, probability, source)

  def some(self, row: table.Row, count: int, seed: int = 0) -> oracle.Outcomes:
    """See `oracle.Oracle`."""
    every = self.outcomes(row, count)
    rng = np.random.default_rng(seed)
    picked = []
    for example in range(self.num_examples):
      rows = np.flatnonzero(every.example == example)
      chance = every.probability[rows]
      picked.append(rng.choice(rows, p=chance / chance.sum()))
    return oracle.take(every, np.array(picked))

  def exact(self, row: table.Row, count: int) -> oracle.Estimates:
    """See `oracle.Oracle`."""
    del row, count
    return _in_closed_form(self.problem, _gamma_elbo)

  def exact_cost(self) -> oracle.Estimates:
    """See `oracle.Oracle`."""
    mean = {'square': _mean_square, 'log': _mean_log}[self.function]
    return _in_closed_form(self.problem, mean)

  def formula(
    self,
    row: table.Row,
    count: int,
    outcomes: oracle.Outcomes,
    *,
    of_cost: bool = False,
  ) -> oracle.Estimates:
    """Returns the estimates by their definition, differentiated by differences.

    That is the whole derivative of f(z(e; a); a), plus f times that of the
    log-density of the noise e.
    """
    del count
    v = {n: x[outcomes.example] for n, x in self.problem.values.items()}

    def f(**moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
      return _value_and_log_pi(
        row, {**v, **moved}, outcomes.source, self.function if of_cost else None
      )

    value, _ = f()
    gradient = {}
    for name in self.problem.names:
      step = 1e-5 * np.maximum(np.abs(v[name]), 0.1)
      (up, pi_up), (down, pi_down) = (
        f(**{name: v[name] + sign * step}) for sign in (1, -1)
      )
      gradient[name] = (up - down + value * (pi_up - pi_down)) / (2 * step)
    return oracle.Estimates(value, gradient)


@functools.cache
def _gamma_problem(
  alphas: tuple[float, ...], rates: tuple[float, ...], function: str
) -> GammaProblem:
  position = np.arange(len(alphas))
  values = {
    'alpha': np.array(alphas),
    'rate': np.array(rates),
    'log_slope': 0.3 * np.sin(position + 1),
    'prior_alpha': 1.5 + 0.5 * np.sin(position),
    'prior_rate': 0.8 + 0.3 * np.cos(position),
  }
  return GammaProblem(values, function)


@functools.cache
def _gamma_nodes(row: table.Row, alpha: float) -> oracle.Outcomes:
  """Returns nodes over x, and over u where there is one."""
  augmentation = dict(row.options).get('augmentation', 0)
  shape = alpha + augmentation
  low, high = stats.gamma.ppf([1e-14, 1 - 1e-14], shape)
  t, w = np.polynomial.legendre.leggauss(200)
  log_x = np.log(low) + (t + 1) / 2 * np.log(high / low)
  weight = w / 2 * np.log(high / low)
  x, u = np.exp(log_x), np.ones([0, 200, 1])
  weight = weight * stats.gamma.pdf(x, shape) * x
  if augmentation:
    # u = v^8, because log u is in what is integrated.
    v, w = np.polynomial.legendre.leggauss(60)
    v = (v + 1) / 2
    x, u = (a.ravel() for a in np.meshgrid(x, v**8, indexing='ij'))
    weight = (weight[:, None] * (w / 2 * 8 * v**7)).ravel()
    u = u[None, :, None]
  noise = _noise(row.name, x, shape)[None, :, None]
  source = (noise,) if row.name == 'grep' else (noise, u)
  example = np.zeros(len(weight), int)
  return oracle.Outcomes(example, weight, source)


def _noise(name: str, x: np.ndarray, a: float) -> np.ndarray:
  """Returns the noise of x, of Gamma(a, 1)."""
  if name == 'grep':
    return (np.log(x) - special.digamma(a)) / np.sqrt(special.polygamma(1, a))
  return np.sqrt(9 * a - 3) * ((x / (a - 1 / 3)) ** (1 / 3) - 1)


def _value_and_log_pi(
  row: table.Row, v: _Numbers, source: Any, function: str | None
) -> tuple[np.ndarray, np.ndarray]:
  """Returns f of the samples, and the log-density of the noise, `[R]`."""
  noise, *uniforms = source
  log_u = np.log(uniforms[0][0, :, 0]) if np.size(uniforms) else None
  log_x, log_pi = _from_noise(row.name, noise[0, :, 0], log_u, v['alpha'])
  log_z = log_x - np.log(v['rate'])
  z = np.exp(log_z)
  if function == 'square':
    return (z - 0.7) ** 2, log_pi
  if function == 'log':
    return log_z + 3, log_pi
  mean = np.exp(v['log_slope']) * z
  value = 3 * np.log(mean) - mean
  value += stats.gamma.logpdf(z, v['prior_alpha'], scale=1 / v['prior_rate'])
  return value - stats.gamma.logpdf(z, v['alpha'], scale=1 / v['rate']), log_pi


def _from_noise(
  name: str, e: np.ndarray, log_u: np.ndarray | None, a: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Returns log x of Gamma(a, 1), and the log-density of the noise."""
  if name == 'grep':
    deviation = np.sqrt(special.polygamma(1, a))
    log_x = e * deviation + special.digamma(a)
    log_pi = stats.gamma.logpdf(np.exp(log_x), a) + log_x + np.log(deviation)
    return log_x, log_pi
  s = a if log_u is None else a + 1
  cube = 1 + e / np.sqrt(9 * s - 3)
  x = (s - 1 / 3) * cube**3
  slope = 3 * (s - 1 / 3) * cube**2 / np.sqrt(9 * s - 3)
  log_pi = stats.gamma.logpdf(x, s) + np.log(slope)
  return np.log(x) + (0 if log_u is None else log_u / a), log_pi


def _in_closed_form(
  problem: GammaProblem, function: Callable[[oracle.Parameters], tf.Tensor]
) -> oracle.Estimates:
  p = problem.rows()
  with tf.GradientTape() as tape:
    tape.watch(p)
    value = function(p)
  gradient = tape.gradient(value, p, unconnected_gradients='zero')
  return oracle.Estimates(
    value.numpy(), {name: g.numpy() for name, g in gradient.items()}
  )


def _mean_square(p: oracle.Parameters) -> tf.Tensor:
  mean = p['alpha'] / p['rate']
  return p['alpha'] / p['rate'] ** 2 + (mean - 0.7) ** 2


def _mean_log(p: oracle.Parameters) -> tf.Tensor:
  return tf.math.digamma(p['alpha']) - tf.math.log(p['rate']) + 3


def _gamma_elbo(p: oracle.Parameters) -> tf.Tensor:
  """Returns the ELBO from the means of z and of its logarithm."""
  mean, mean_log = p['alpha'] / p['rate'], _mean_log(p) - 3
  value = 3 * (p['log_slope'] + mean_log) - tf.exp(p['log_slope']) * mean
  a, b = p['prior_alpha'], p['prior_rate']
  value += (
    a * tf.math.log(b) - tf.math.lgamma(a) + (a - 1) * mean_log - b * mean
  )
  alpha = p['alpha']
  entropy = alpha - tf.math.log(p['rate']) + tf.math.lgamma(alpha)
  return value + entropy + (1 - alpha) * tf.math.digamma(alpha)
