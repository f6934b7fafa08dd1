// sampler_list.h - which samplers there are, without libtorch's headers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ip2p {

struct SamplerInfo {
  std::string_view name;
  std::string_view description;
};

/// Every sampler, the default first.
std::vector<SamplerInfo> sampler_list();

/// Error{usage} with the known names unless there is a sampler of that name.
void check_sampler_name(const std::string& name);

}  // namespace ip2p
