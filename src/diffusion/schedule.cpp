// schedule.cpp - diffusers keeps betas, timesteps and sigmas in single precision and rounds half to
// even; the same is done here, because a level that is off by one timestep is another picture.
#include "ip2p/diffusion/schedule.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

double rounded(double value) {
  return std::nearbyint(value);
}

/// `count` values from `first` to `last`, both included; a single one is `first`.
std::vector<double> linspace(double first, double last, std::int64_t count) {
  std::vector<double> values(static_cast<std::size_t>(count), first);
  for (std::size_t i = 1; i < values.size(); ++i)
    values[i] = first + (last - first) / static_cast<double>(count - 1) * static_cast<double>(i);
  if (count > 1) values.back() = last;
  return values;
}

/// Falling timesteps of `leading` spacing with `intervals` equal intervals.
std::vector<double> leading(const NoiseSpec& noise, std::int64_t intervals) {
  const std::int64_t stride = std::ssize(noise.betas) / intervals;
  std::vector<double> timesteps;
  for (std::int64_t i = intervals - 1; i >= 0; --i)
    timesteps.push_back(static_cast<double>(i * stride + noise.steps_offset));
  return timesteps;
}

/// Falling timesteps of `trailing` spacing: the last training timestep and every N / steps-th
/// before it.
std::vector<double> trailing(const NoiseSpec& noise, std::int64_t steps) {
  const auto train_steps = static_cast<double>(noise.betas.size());
  const double stride = train_steps / static_cast<double>(steps);
  std::vector<double> timesteps;
  for (std::int64_t i = 0; i < steps; ++i)
    timesteps.push_back(rounded(train_steps - static_cast<double>(i) * stride) - 1);
  return timesteps;
}

std::vector<double> falling_timesteps(const NoiseSpec& noise, const LevelRule& rule,
                                      std::int64_t steps) {
  const Spacing spacing = noise.spacing.value_or(rule.spacing);
  const bool open = rule.grid == Grid::open;
  const auto last = static_cast<double>(noise.betas.size()) - 1;

  std::vector<double> timesteps;
  if (spacing == Spacing::trailing) return trailing(noise, steps);
  if (spacing == Spacing::leading) {
    timesteps = leading(noise, open ? steps + 1 : steps);
  } else {
    timesteps = linspace(0, last, open ? steps + 1 : steps);
    std::reverse(timesteps.begin(), timesteps.end());
    for (double& timestep : timesteps)
      timestep = rule.grid == Grid::continuous ? static_cast<double>(static_cast<float>(timestep))
                                               : rounded(timestep);
  }
  if (open) timesteps.pop_back();
  return timesteps;
}

/// Sigma at a fractional timestep: straight lines between the training timesteps.
double sigma_at(std::span<const double> training, double timestep) {
  const double low =
      std::clamp(std::floor(timestep), 0.0, static_cast<double>(training.size()) - 1);
  const auto i = static_cast<std::size_t>(low);
  if (i + 1 == training.size()) return training[i];
  return training[i] + (training[i + 1] - training[i]) * (timestep - low);
}

/// The timestep whose sigma this is: straight lines in log sigma, and the ends for what lies
/// beyond.
double timestep_at(std::span<const double> training, double sigma) {
  const auto above = std::upper_bound(training.begin(), training.end(), sigma);
  const auto high =
      std::clamp<std::ptrdiff_t>(above - training.begin(), 1, std::ssize(training) - 1);
  const double low_log = std::log(training[static_cast<std::size_t>(high - 1)]);
  const double high_log = std::log(training[static_cast<std::size_t>(high)]);
  const double share = std::clamp((std::log(sigma) - low_log) / (high_log - low_log), 0.0, 1.0);
  return static_cast<double>(high - 1) + share;
}

/// Adds a level of the run.
void add_level(NoiseLevels& levels, double sigma, double timestep) {
  levels.sigmas.push_back(static_cast<double>(static_cast<float>(sigma)));
  levels.sigma_timesteps.push_back(timestep);
}

NoiseLevels karras_levels(std::span<const double> training, std::int64_t steps) {
  constexpr double rho = 7.0;
  const double most = std::pow(training.back(), 1 / rho);
  const double least = std::pow(training.front(), 1 / rho);
  NoiseLevels levels;
  for (const double ramp : linspace(0, 1, steps)) {
    const double sigma = std::pow(most + ramp * (least - most), rho);
    levels.timesteps.push_back(rounded(timestep_at(training, sigma)));
    add_level(levels, sigma, levels.timesteps.back());
  }
  add_level(levels, 0.0, 0.0);
  return levels;
}

/// One list, down to zero.
NoiseLevels listed_levels(std::span<const double> training, std::vector<double> timesteps) {
  NoiseLevels levels;
  for (const double timestep : timesteps) add_level(levels, sigma_at(training, timestep), timestep);
  add_level(levels, 0.0, 0.0);
  levels.timesteps = std::move(timesteps);
  return levels;
}

/// Pairs, as NoiseLevels describes them; below timestep 0 lies `end_sigma`.
NoiseLevels paired_levels(std::span<const double> training, std::vector<double> timesteps,
                          bool first_twice, double end_sigma) {
  const auto train_steps = std::ssize(training);
  const auto stride = static_cast<double>(train_steps / std::ssize(timesteps));
  NoiseLevels levels;
  const auto add_pair = [&](double from, double to) {
    add_level(levels, sigma_at(training, from), from);
    add_level(levels, to < 0 ? end_sigma : sigma_at(training, to), std::max(to, 0.0));
  };
  for (std::size_t i = 0; i < timesteps.size(); ++i) {
    if (first_twice && i == 1) add_pair(timesteps[i] + stride, timesteps[i]);
    add_pair(timesteps[i], timesteps[i] - stride);
  }
  levels.timesteps = std::move(timesteps);
  return levels;
}

NoiseLevels lay_levels(std::span<const double> training, const NoiseSpec& noise,
                       const LevelRule& rule, std::int64_t steps) {
  if (rule.grid == Grid::karras) return karras_levels(training, steps);
  std::vector<double> timesteps = falling_timesteps(noise, rule, steps);
  if (rule.grid != Grid::ddim && rule.grid != Grid::pndm)
    return listed_levels(training, std::move(timesteps));
  const bool at_zero = noise.final_alpha_one.value_or(rule.ends_at_zero);
  return paired_levels(training, std::move(timesteps), rule.grid == Grid::pndm,
                       at_zero ? 0.0 : training.front());
}

/// Samplers of the continuous grid start from sigma alone where the first level is the last
/// training timestep; everything else starts from noised unit variance.
double start_scale(const NoiseSpec& noise, const LevelRule& rule, double first_sigma) {
  const bool from_sigma =
      rule.grid == Grid::continuous && noise.spacing.value_or(rule.spacing) != Spacing::leading;
  return from_sigma ? first_sigma : std::sqrt(1 + first_sigma * first_sigma);
}

}  // namespace

double NoiseLevels::timestep_at(double sigma) const {
  const auto found = std::find(sigmas.begin(), sigmas.end(), sigma);
  if (found == sigmas.end())
    throw Error(Exit::bug, text("sigma ", sigma, " is not one of the run's noise levels"));
  return sigma_timesteps[static_cast<std::size_t>(found - sigmas.begin())];
}

std::size_t NoiseLevels::step_at(double timestep) const {
  const auto found = std::find(timesteps.begin(), timesteps.end(), timestep);
  return static_cast<std::size_t>(found - timesteps.begin());
}

std::vector<double> training_sigmas(const NoiseSpec& noise) {
  std::vector<double> sigmas;
  double product = 1.0;
  for (const float beta : noise.betas) {
    product *= static_cast<double>(1.0F - beta);
    const auto alpha = static_cast<float>(product);
    sigmas.push_back(static_cast<double>(std::sqrt((1.0F - alpha) / alpha)));
  }
  return sigmas;
}

NoiseLevels noise_levels(const NoiseSpec& noise, const LevelRule& rule, std::int64_t steps) {
  const std::vector<double> training = training_sigmas(noise);
  if (rule.grid == Grid::karras || steps <= std::ssize(training) || rule.grid == Grid::continuous) {
    NoiseLevels levels = lay_levels(training, noise, rule, steps);
    levels.start_scale = start_scale(noise, rule, levels.sigmas.front());
    // Karras' levels are their own; everywhere else a timestep that comes twice is a step of no
    // length.
    const std::vector<double>& falling =
        rule.grid == Grid::karras ? levels.sigmas : levels.timesteps;
    if (std::ranges::adjacent_find(falling, std::less_equal<>()) == falling.end()) return levels;
  }
  throw Error(Exit::usage, text("the sampler cannot place ", steps, " steps on ", training.size(),
                                " training timesteps; give fewer --steps"));
}

}  // namespace ip2p
