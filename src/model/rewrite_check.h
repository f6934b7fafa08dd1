// rewrite_check.h - a rewritten module is only trusted after it gave what the archive gives.
#pragma once

#include <string_view>

#include <torch/types.h>

#include "ip2p/base/cache_folder.h"
#include "ip2p/model/bundle_file.h"
#include "ip2p/model/manifest.h"
#include "ip2p/model/placement.h"

#include "module.h"

namespace ip2p {

/// The comparison of one archive as it is with what it is rewritten into. It costs two calls; that
/// it went well is remembered by a file in `cache`, for the part, the archive's hash, the
/// placement, the processor and the versions of this program and of libtorch. Where nothing can be
/// remembered it is done each time.
class RewriteCheck {
 public:
  RewriteCheck(std::string_view part, const BundleFile& file, const Placement& placement,
               const fs::path& cache = cache_folder());

  /// False when this archive went well here before.
  [[nodiscard]] bool is_needed() const;

  /// Of two answers to one input. Error{model} when the two differ by more than a thousandth of the
  /// largest value in float32, or a twentieth in bfloat16; else remembers that they do not.
  void compare(const torch::Tensor& plain, const torch::Tensor& rewritten) const;

 private:
  fs::path archive_;
  torch::ScalarType dtype_;
  fs::path mark_;  ///< a file that is there when it went well; empty: no cache folder
};

/// Rewrites a part of a bundle as the placement says. Where it is not known to go well it answers
/// one input before and after, and Error{model} when the two differ (RewriteCheck).
void rewrite_checked(Module& module, std::string_view part, const Manifest& manifest,
                     const Placement& placement);

}  // namespace ip2p
