// regress_setup.h - what every command that makes a suite's pictures begins with.
#pragma once

#include <string>
#include <vector>

#include "ip2p/batch/editor_model.h"
#include "ip2p/regress/run.h"

namespace ip2p::cli {

/// Whether a name fits one of the patterns; without patterns all do.
bool fits_one(const std::string& name, const std::vector<std::string>& patterns);

/// The suite's cases whose names fit one of the patterns; all without patterns.
std::vector<Case> cases_that_fit(const Suite& suite, const std::vector<std::string>& patterns);

/// A run in `folder`, which is made, of `batch_size` pictures at once. Error{file}.
RunRules run_rules(const Manifest& manifest, const LoadedModels& loaded, const fs::path& folder,
                   std::size_t batch_size);

}  // namespace ip2p::cli
