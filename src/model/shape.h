// shape.h - says what shape a tensor must have where it crosses into or out of a module.
#pragma once

#include <initializer_list>
#include <string_view>

#include <torch/types.h>

#include "ip2p/base/error.h"
#include "ip2p/model/bundle_file.h"

namespace ip2p {

constexpr std::int64_t any_size = -1;

/// Throws Error{model} unless `tensor` has these sizes; any_size accepts every one. `manifest` is
/// the name of the bundle's.
inline void expect_shape(const torch::Tensor& tensor, std::initializer_list<std::int64_t> sizes,
                         std::string_view what, std::string_view manifest = edit_bundle.manifest) {
  bool same = tensor.dim() == std::ssize(sizes);
  for (std::int64_t i = 0; same && i < tensor.dim(); ++i)
    same = sizes.begin()[i] == any_size || sizes.begin()[i] == tensor.size(i);
  if (same) return;
  throw Error(Exit::model,
              text(what, ": expected shape ", torch::IntArrayRef(sizes), ", got ", tensor.sizes(),
                   "; the bundle's files and its ", manifest, " disagree"));
}

}  // namespace ip2p
