"""Faults of posteriors: of their draws and their densities."""

from __future__ import annotations

from tests.contract.mutations import fault

FAULTS = [
  *fault.of_module(
    'posteriors.posterior',
    (
      'no score of layer 2',
      '      sampling.log_prob(distribution, sample)\n',
      '      sampling.log_prob(distribution, sample)\n'
      '      if distribution is distributions[0]\n'
      '      else tf.stop_gradient(sampling.log_prob(distribution, sample))\n',
      fault.REINFORCE_2,
      fault.MEAN,
    ),
    (
      'layer 2 not scored',
      'return tf.add_n(self.log_probs(samples))',
      'return self.log_probs(samples)[0]',
      fault.REINFORCE_2,
      fault.MEAN,
    ),
    (
      'seed ignored',
      'samples = self.sample(num_samples, seed=seed)',
      'samples = self.sample(num_samples, seed=0)',
      fault.LOO,
      fault.SEEDS,
    ),
    (
      'one draw for all',
      'samples = self.sample(num_samples, seed=seed)',
      'samples = self.sample(num_samples, seed=seed)\n'
      '    samples = tf.repeat(samples[:, :1], samples.shape[1], 1)',
      fault.LOO,
      fault.DRAW,
    ),
    (
      'samples not independent',
      'samples = self.sample(num_samples, seed=seed)',
      'samples = self.sample(num_samples, seed=seed)\n'
      '    samples = tf.repeat(samples[:1], num_samples, 0)',
      fault.LOO,
      fault.DRAW,
    ),
    *(
      (
        'no path',
        'return types.Draw(self.sample(num_samples, seed=seed))',
        'return types.Draw(self.sample_stopped(num_samples, seed=seed))',
        fault.drawn(name),
        fault.FORMULA,
      )
      for name in ('elbo', 'iwae', 'stl', 'miwae')
    ),
    *(
      (
        'path between layers dropped',
        'sampling.sample(self.conditional(path), [],',
        'sampling.sample('
        'self.conditional(tuple(map(tf.stop_gradient, path))), [],',
        fault.drawn(name, 'chain'),
        fault.FORMULA,
      )
      for name in ('iwae', 'dreg', 'piwae')
    ),
    *(
      (
        'leaf without the next layer',
        'distributions = self.conditionals(path)',
        'distributions = self.conditionals(tuple(map(tf.stop_gradient, path)))',
        fault.mean(name, 'chain'),
        fault.MEAN,
      )
      for name in ('dreg', 'stl')
    ),
  ),
]
