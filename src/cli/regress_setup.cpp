// regress_setup.cpp - filters, and the engine's rules for a suite.
#include "regress_setup.h"

#include <algorithm>
#include <thread>

#include "ip2p/base/folders.h"
#include "ip2p/diffusion/sampler_list.h"
#include "ip2p/image/name_pattern.h"

namespace ip2p::cli {

bool fits_one(const std::string& name, const std::vector<std::string>& patterns) {
  return patterns.empty() || std::ranges::any_of(patterns, [&](const std::string& pattern) {
           return fits(name, pattern);
         });
}

std::vector<Case> cases_that_fit(const Suite& suite, const std::vector<std::string>& patterns) {
  std::vector<Case> chosen = suite.cases;
  std::erase_if(chosen, [&](const Case& each) { return !fits_one(each.name, patterns); });
  return chosen;
}

RunRules run_rules(const Manifest& manifest, const LoadedModels& loaded, const fs::path& folder,
                   std::size_t batch_size) {
  make_folder(folder);
  return {.engine = {.manifest = manifest,
                     .device = loaded.device,
                     .dtype = loaded.dtype,
                     .limits = {},
                     .readers = 1,
                     .writers = 1,
                     .batch_size = batch_size,
                     .folder = {}},
          .folder = folder,
          .judges = std::max(1U, std::thread::hardware_concurrency()),
          .features = nullptr,
          .check_sampler = check_sampler_name};
}

}  // namespace ip2p::cli
