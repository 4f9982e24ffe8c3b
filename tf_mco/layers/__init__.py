"""Keras layers: features to parameters of distributions, and the objective."""

from tf_mco.layers.bag_of_words import BagOfWordsLikelihood
from tf_mco.layers.bernoulli import BernoulliLikelihood
from tf_mco.layers.bernoulli import BernoulliPosterior
from tf_mco.layers.bernoulli import BernoulliPrior
from tf_mco.layers.beta import BetaPosterior
from tf_mco.layers.beta import BetaPrior
from tf_mco.layers.dirichlet import DirichletPosterior
from tf_mco.layers.dirichlet import DirichletPrior
from tf_mco.layers.gamma import GammaPosterior
from tf_mco.layers.gamma import GammaPrior
from tf_mco.layers.gaussian import GaussianLikelihood
from tf_mco.layers.gaussian import GaussianPosterior
from tf_mco.layers.gaussian import GaussianPrior
from tf_mco.layers.gaussian import LogisticLikelihood
from tf_mco.layers.hamiltonian import HamiltonianPosterior
from tf_mco.layers.objective import MonteCarloObjective
from tf_mco.layers.von_mises import VonMisesPosterior
from tf_mco.layers.von_mises import VonMisesPrior

__all__ = [
  'BagOfWordsLikelihood',
  'BernoulliLikelihood',
  'BernoulliPosterior',
  'BernoulliPrior',
  'BetaPosterior',
  'BetaPrior',
  'DirichletPosterior',
  'DirichletPrior',
  'GammaPosterior',
  'GammaPrior',
  'GaussianLikelihood',
  'GaussianPosterior',
  'GaussianPrior',
  'HamiltonianPosterior',
  'LogisticLikelihood',
  'MonteCarloObjective',
  'VonMisesPosterior',
  'VonMisesPrior',
]
