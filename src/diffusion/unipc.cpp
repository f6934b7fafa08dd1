// unipc.cpp - UniPC: a multistep predictor whose every step is corrected by the evaluation that
// follows it.
#include <cmath>
#include <deque>

#include "ip2p/diffusion/samplers.h"

namespace ip2p {
namespace {

/// One evaluation of the denoiser.
struct Evaluation {
  Tensor clean;  ///< (B,C,h,w)
  double sigma;
};

/// The step from sigma `from` to `to` in log signal-to-noise, lambda = -log(sigma).
struct Step {
  double ratio;   ///< to / from = exp(-h)
  double length;  ///< h

  Step(double from, double to) : ratio(to / from), length(std::log(from / to)) {}
};

/// lambda of an earlier evaluation seen from `here`, in units of the step's length: the paper's r
/// (negative).
double relative_position(const Evaluation& earlier, const Evaluation& here, const Step& step) {
  return std::log(here.sigma / earlier.sigma) / step.length;
}

/// UniP: from `x` at here.sigma to `to`. `earlier` (may be null) raises the order from 1 to 2.
Tensor predict(const Tensor& x, double to, const Evaluation& here, const Evaluation* earlier) {
  const double ratio = to / here.sigma;
  Tensor target = here.clean;
  if (earlier != nullptr) {
    const double r = relative_position(*earlier, here, Step(here.sigma, to));
    target = target + (earlier->clean - here.clean) * (0.5 / r);
  }
  return x * ratio + target * (1 - ratio);
}

/// UniC: the step that led from `x` at here.sigma to the evaluation `there`, taken again with what
/// was found there. `earlier` (may be null) raises the order from 1 to 2.
Tensor correct(const Tensor& x, const Evaluation& there, const Evaluation& here,
               const Evaluation* earlier) {
  const Step step(here.sigma, there.sigma);
  const Tensor ahead = there.clean - here.clean;
  Tensor target = here.clean;
  if (earlier == nullptr) {
    target = target + ahead * 0.5;
  } else {
    // Weights w of the differences behind (at r) and ahead (at 1) that satisfy the order conditions
    //   w_behind + w_ahead = b1,  r w_behind + w_ahead = b2,  with B(h) = exp(-h) - 1.
    const double r = relative_position(*earlier, here, step);
    const double hh = -step.length;
    const double b_h = std::expm1(hh);
    const double phi_2 = b_h / hh - 1;
    const double phi_3 = phi_2 / hh - 0.5;
    const double b1 = phi_2 / b_h;
    const double b2 = 2 * phi_3 / b_h;
    const double behind = (b1 - b2) / (1 - r);
    target = target + (earlier->clean - here.clean) * (behind / r) + ahead * (b1 - behind);
  }
  return x * step.ratio + target * (1 - step.ratio);
}

}  // namespace

Tensor sample_unipc(const Denoiser& denoise, Tensor x, std::span<const double> sigmas,
                    const NoiseSource& /*noise*/) {
  std::deque<Evaluation> history;  // latest first, two at most
  const auto back = [&](std::size_t i) { return i < history.size() ? &history[i] : nullptr; };

  Tensor start;  // where the latest step began, corrected
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const Evaluation here{denoise(x, sigmas[i]), sigmas[i]};
    start = i == 0 ? x : correct(start, here, history.front(), back(1));
    // The last step is of first order, whatever the history: there is no evaluation to correct it.
    const bool last = i + 2 == sigmas.size();
    x = predict(start, sigmas[i + 1], here, last ? nullptr : back(0));

    history.push_front(here);
    if (history.size() > 2) history.pop_back();
  }
  return x;
}

}  // namespace ip2p
