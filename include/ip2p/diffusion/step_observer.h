// step_observer.h - how a run of a sampler is watched and stopped.
#pragma once

#include <cstddef>
#include <functional>

namespace ip2p {

/// Told before each call of the network: which of the run's steps this is, from 0, and how many
/// there are. May throw to stop the run.
using StepObserver = std::function<void(std::size_t step, std::size_t steps)>;

}  // namespace ip2p
