// job.h - what one job says, as JSON: a line of a job list, or what a CSV line means.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "item_series.h"

namespace ip2p {

struct JobKey {
  std::string_view name;
  bool is_number;
};

inline constexpr std::array job_keys{
    JobKey{"input", false}, JobKey{"instruction", false}, JobKey{"output", false},
    JobKey{"seed", true},   JobKey{"cfg_text", true},     JobKey{"cfg_image", true},
    JobKey{"steps", true},  JobKey{"sampler", false},     JobKey{"count", true},
};

/// Error{usage} unless a job may have this key.
const JobKey& check_job_key(std::string_view name);

/// A relative input is one below `folder`. Error{usage} without the place for a job that is wrong.
ItemSeries items_of_job(const nlohmann::ordered_json& job, const fs::path& folder,
                        std::uint64_t line, const ItemRules& rules);

/// The same for a path alone.
ItemSeries items_of_path(const std::string& path, const fs::path& folder, std::uint64_t line,
                         const ItemRules& rules);

}  // namespace ip2p
