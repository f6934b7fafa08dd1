// schedule.h - the noise levels: those of training, and the few that a sampler visits.
//
// Noise is measured by sigma, the standard deviation of the noise on a latent of unit scale
// ("variance exploding": z + sigma * noise). The network was trained on z / sqrt(1 + sigma^2) and
// is told a timestep instead of sigma; both stay inside the denoiser, and samplers see sigma alone.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ip2p {

/// What the network predicts.
enum class Prediction {
  epsilon,      ///< the noise
  v_prediction  ///< alpha * noise - sigma * latent (Salimans and Ho 2022), both in trained scale
};

/// Which training timesteps are visited (table 2 of Lin et al. 2023, "Common Diffusion Noise
/// Schedules").
enum class Spacing { linspace, leading, trailing };

/// Names as they stand in a bundle; a value's index is its enumerator.
inline constexpr std::array<std::string_view, 2> prediction_names{"epsilon", "v_prediction"};
inline constexpr std::array<std::string_view, 3> spacing_names{"linspace", "leading", "trailing"};

/// The noise of training, as the bundle states it.
struct NoiseSpec {
  Prediction prediction = Prediction::epsilon;
  std::vector<float> betas;        ///< one a training timestep, in (0, 1)
  std::optional<Spacing> spacing;  ///< nullopt: each sampler's own
  std::int64_t steps_offset = 0;   ///< added to the timesteps of `leading` spacing
  /// Whether ddim and pndm end at sigma 0 or at the first training sigma; nullopt: each one's own.
  std::optional<bool> final_alpha_one;
};

/// How a family of samplers lays its levels over the training timesteps. Each is what diffusers'
/// scheduler of that name does, so that the same steps give the same picture.
enum class Grid {
  continuous,  ///< fractional timesteps, first to last: euler, euler_a, heun, lms
  ddim,        ///< whole timesteps, each step a pair of levels (below)
  pndm,        ///< as ddim, with one pair more: the first step is taken twice
  open,        ///< whole timesteps of steps + 1 intervals, the lowest left out: dpmpp_2m, unipc
  karras,      ///< sigmas evenly spaced in sigma^(1/7) (Karras et al. 2022, equation 5)
};

struct LevelRule {
  Grid grid = Grid::continuous;
  Spacing spacing = Spacing::linspace;  ///< where the bundle names none
  bool ends_at_zero = true;             ///< where the bundle does not say (ddim and pndm only)
};

/// The levels of one run of a sampler.
///
/// Most samplers go down a list: steps + 1 sigmas, strictly falling. ddim and pndm go down pairs
/// (from, to): their steps are N / steps timesteps long, rounded down, and where that is not where
/// the next timestep lies, the latent of trained scale is taken over as it is, now for another
/// noise level. pndm's pairs are: the first step; from a step's length above the second timestep
/// down to it, for the first step taken again; every further step.
struct NoiseLevels {
  std::vector<double> sigmas;  ///< as the sampler is given them; the last is where the run ends
  std::vector<double> sigma_timesteps;  ///< what the network is told at sigmas[i]
  std::vector<double> timesteps;        ///< one a step, falling
  double start_scale = 1.0;             ///< standard deviation of the first latent

  /// What the network is told at a sigma that is in `sigmas` (compared exactly: samplers pass on
  /// what they were given).
  [[nodiscard]] double timestep_at(double sigma) const;
  /// Which step, from 0, the network is called for at that timestep.
  [[nodiscard]] std::size_t step_at(double timestep) const;
};

/// Sigma of every training timestep, rising: sqrt((1 - a) / a) for a the running product of 1 -
/// beta.
std::vector<double> training_sigmas(const NoiseSpec& noise);

/// The levels for `steps` denoising steps, 1 or more. Error{usage} when the rule cannot place so
/// many.
NoiseLevels noise_levels(const NoiseSpec& noise, const LevelRule& rule, std::int64_t steps);

}  // namespace ip2p
