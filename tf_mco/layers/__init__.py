"""Keras layers: features to parameters of distributions, and the objective."""

from tf_mco.layers.heads.bag_of_words import BagOfWordsLikelihood
from tf_mco.layers.heads.bernoulli import BernoulliLikelihood
from tf_mco.layers.heads.bernoulli import BernoulliPosterior
from tf_mco.layers.heads.bernoulli import BernoulliPrior
from tf_mco.layers.heads.beta import BetaPosterior
from tf_mco.layers.heads.beta import BetaPrior
from tf_mco.layers.heads.dirichlet import DirichletPosterior
from tf_mco.layers.heads.dirichlet import DirichletPrior
from tf_mco.layers.heads.gamma import GammaPosterior
from tf_mco.layers.heads.gamma import GammaPrior
from tf_mco.layers.heads.gaussian import GaussianLikelihood
from tf_mco.layers.heads.gaussian import GaussianPosterior
from tf_mco.layers.heads.gaussian import GaussianPrior
from tf_mco.layers.heads.gaussian import LogisticLikelihood
from tf_mco.layers.heads.hamiltonian import HamiltonianPosterior
from tf_mco.layers.heads.von_mises import VonMisesPosterior
from tf_mco.layers.heads.von_mises import VonMisesPrior
from tf_mco.layers.objective.objective import MonteCarloObjective

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
