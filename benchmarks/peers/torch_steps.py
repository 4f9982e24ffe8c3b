"""The training steps in PyTorch, compiled by `torch.compile`.

PyTorch has no loop of steps in one program. A step is one compiled function of
value and gradients, and one compiled update of all parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
import math

import numpy as np
import torch
import torch._inductor.config
from torch.nn import functional

from benchmarks.peers import problem
from benchmarks.peers import worker

Tensors = Mapping[str, torch.Tensor]
# Returns loss and bounds `[B]` from parameters, x, logits and the draws.
Loss = Callable[..., tuple[torch.Tensor, torch.Tensor]]


def network(
  case: problem.Case, params: Tensors, name: str, x: torch.Tensor
) -> torch.Tensor:
  """Returns the last layer's output."""
  last = len(case.hidden)
  for index in range(last + 1):
    x = torch.addmm(params[f'{name}/{index}/b'], x, params[f'{name}/{index}/w'])
    if index < last and case.gaussian:
      x = torch.tanh(x)
    elif index < last:
      x = functional.leaky_relu(x, problem.LEAKY_SLOPE)
  return x


def softplus(x: torch.Tensor) -> torch.Tensor:
  """Returns log(1 + exp(x)); the built-in function takes twice the time."""
  # Unlike relu(x), the half sum has the right gradient at 0.
  return (x + x.abs()) / 2 + torch.log(1 + torch.exp(-x.abs()))


def log_likelihood(
  case: problem.Case, params: Tensors, x: torch.Tensor, z: torch.Tensor
) -> torch.Tensor:
  """Returns log p(x | z), `[K, B]`, for z `[K, B, D]`."""
  samples, batch, units = z.shape
  rows = (z if case.gaussian else 2 * z - 1).reshape(-1, units)
  logits = network(case, params, 'decoder', rows)
  logits = logits.reshape(samples, batch, case.pixels)
  return (x * logits - softplus(logits)).sum(dim=-1)


def prior_minus_posterior(
  params: Tensors, logits: torch.Tensor, z: torch.Tensor
) -> torch.Tensor:
  """Returns log p(z) - log q(z | x), `[K, B]`, for bits z `[K, B, D]`."""
  prior = params['prior']
  constant = softplus(logits) - softplus(prior)
  return (z * (prior - logits)).sum(dim=-1) + constant.sum(dim=-1)


def log_mean_exp(log_w: torch.Tensor) -> torch.Tensor:
  """Returns the logarithm of the mean over the first axis."""
  return torch.logsumexp(log_w, dim=0) - math.log(log_w.shape[0])


def replaced_log_sums(log_w: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
  """Returns `[K, B]`: the log-sum in which other[k] replaces log_w[k]."""
  mask = torch.eye(log_w.shape[0], dtype=torch.bool)[:, :, None]
  return torch.logsumexp(torch.where(mask, other[:, None], log_w[None]), dim=1)


def _swap_gradient(
  f: torch.Tensor, f_tilde: torch.Tensor, draws: Tensors, logits: torch.Tensor
) -> torch.Tensor:
  """Returns DisARM's estimate in the logits, summed over the pairs."""
  half = (f - f_tilde)[:, :, None] / 2
  difference = (half * (draws['b'] - draws['b_tilde'])).sum(dim=0)
  return (difference * torch.sigmoid(logits.abs())).detach()


def disarm(
  case: problem.Case,
  params: Tensors,
  x: torch.Tensor,
  logits: torch.Tensor,
  draws: Tensors,
) -> tuple[torch.Tensor, torch.Tensor]:
  """Returns the loss and the ELBO of both halves of one pair."""
  z = torch.cat([draws['b'], draws['b_tilde']], dim=0)
  # The estimate replaces the gradient of log q; the prior keeps its own.
  f = log_likelihood(case, params, x, z)
  f = f + prior_minus_posterior(params, logits.detach(), z)
  estimate = _swap_gradient(f[:1], f[1:], draws, logits)
  bound = f.mean(dim=0)
  return -(bound + (estimate * logits).sum(dim=-1)), bound


def vimco(
  case: problem.Case,
  params: Tensors,
  x: torch.Tensor,
  logits: torch.Tensor,
  draws: Tensors,
) -> tuple[torch.Tensor, torch.Tensor]:
  """Returns the loss with VIMCO's signals, and the K-sample bound."""
  z = draws['z']
  log_w = log_likelihood(case, params, x, z)
  log_w = log_w + prior_minus_posterior(params, logits, z)
  bound = log_mean_exp(log_w)
  stopped, k = log_w.detach(), log_w.shape[0]
  mean = (stopped.sum(dim=0) - stopped) / (k - 1)
  signal = torch.logsumexp(stopped, dim=0) - replaced_log_sums(stopped, mean)
  # sum_k signal[k] log q(z[k]), as a product with the logits.
  score = ((signal[:, :, None] * z).sum(dim=0) * logits).sum(dim=-1)
  normalizer = softplus(logits).sum(dim=-1)
  return -(bound + score - signal.sum(dim=0) * normalizer), bound


def local_disarm(
  case: problem.Case,
  params: Tensors,
  x: torch.Tensor,
  logits: torch.Tensor,
  draws: Tensors,
) -> tuple[torch.Tensor, torch.Tensor]:
  """Returns the loss with a pair per sample, and the K-sample bound."""
  z, z_tilde = draws['b'], draws['b_tilde']
  log_w = log_likelihood(case, params, x, z)
  log_w = log_w + prior_minus_posterior(params, logits, z)
  with torch.no_grad():  # only the values of the other halves count
    other = log_likelihood(case, params, x, z_tilde)
    other = other + prior_minus_posterior(params, logits, z_tilde)
  stopped = log_w.detach()
  total = torch.logsumexp(stopped, dim=0)
  replaced = replaced_log_sums(stopped, other)
  estimate = _swap_gradient(total, replaced, draws, logits)
  bound = log_mean_exp(log_w)
  return -(bound + (estimate * logits).sum(dim=-1)), bound


def iwae(
  case: problem.Case,
  params: Tensors,
  x: torch.Tensor,
  logits: torch.Tensor,
  draws: Tensors,
) -> tuple[torch.Tensor, torch.Tensor]:
  """Returns minus the K-sample bound of Gaussian variables, and the bound."""
  noise = draws['noise']
  mean, log_scale = logits.chunk(2, dim=-1)
  z = mean + log_scale.exp() * noise
  log_w = log_likelihood(case, params, x, z)
  log_w = log_w + ((noise**2 - z**2) / 2 + log_scale).sum(dim=-1)
  bound = log_mean_exp(log_w)
  return -bound, bound


LOSSES: Mapping[str, Loss] = {
  'disarm': disarm,
  'vimco': vimco,
  'local_disarm': local_disarm,
  'iwae': iwae,
}


def draw(case: problem.Case, logits: torch.Tensor) -> dict[str, torch.Tensor]:
  """Returns the draws of a step."""
  shape = (case.samples, case.batch_size, case.units)
  if case.gaussian:
    return {'noise': torch.randn(shape)}
  u = torch.rand(shape)
  p = torch.sigmoid(logits)
  if case.estimator == 'vimco':
    return {'z': (u < p).float()}
  return {'b': (u > 1 - p).float(), 'b_tilde': (u < p).float()}


class Program(worker.Stepwise):
  """See `worker.Program`."""

  def __init__(
    self, case: problem.Case, images: np.ndarray, initial: problem.Arrays
  ):
    torch.manual_seed(0)
    # The random numbers of the compiler take twice as long on a CPU.
    torch._inductor.config.fallback_random = True
    self.case = case
    self.order = problem.Order(len(images))
    self._images = torch.from_numpy(images)
    self._mean = torch.from_numpy((images.mean(axis=0) / 255).astype('f4'))
    self._params = {
      k: torch.from_numpy(v.copy()).requires_grad_() for k, v in initial.items()
    }
    adam = [v for k, v in self._params.items() if k != 'prior']
    self._optimizer = torch.optim.Adam(
      adam, case.learning_rate, eps=problem.EPSILON, fused=True
    )
    # Each case has shapes of its own, which must be no dynamic dimensions.
    self._step = torch.compile(self._value, dynamic=False, fullgraph=True)

  def execute(self, indices: np.ndarray) -> float:
    """See `worker.Stepwise`."""
    rows = torch.from_numpy(indices.astype(np.int64))
    total = torch.zeros(())
    for i in range(len(rows)):
      loss, bound = self._step(self._params, rows[i])
      loss.backward()
      self._update()
      total += bound
    return float(total) / len(rows)

  def gradients(self, x: np.ndarray, samples: problem.Arrays) -> problem.Arrays:
    """See `worker.Program`."""
    draws = {k: torch.from_numpy(v) for k, v in samples.items()}
    compiled = torch.compile(self._loss, dynamic=False, fullgraph=True)
    loss, bound = compiled(self._params, torch.from_numpy(x), draws)
    loss.mean().backward()
    result = {k: v.grad.numpy() for k, v in self._params.items()}
    return {**result, 'bound': bound.detach().numpy()}

  def _loss(
    self, params: Tensors, x: torch.Tensor, draws: Tensors | None = None
  ) -> tuple[torch.Tensor, torch.Tensor]:
    case = self.case
    centred = x if case.gaussian else x - self._mean
    logits = network(case, params, 'encoder', centred)
    draws = draw(case, logits.detach()) if draws is None else draws
    return LOSSES[case.estimator](case, params, x, logits, draws)

  def _value(
    self, params: Tensors, rows: torch.Tensor
  ) -> tuple[torch.Tensor, torch.Tensor]:
    grey = self._images[rows].float() / 255
    x = (torch.rand(grey.shape) < grey).float()
    loss, bound = self._loss(params, x)
    return loss.mean(), bound.detach().mean()

  def _update(self) -> None:
    self._optimizer.step()
    self._optimizer.zero_grad(set_to_none=True)
    prior = self._params.get('prior')
    if prior is not None:
      with torch.no_grad():
        prior.sub_(prior.grad, alpha=self.case.prior_learning_rate)
      prior.grad = None


if __name__ == '__main__':
  worker.serve(Program)
