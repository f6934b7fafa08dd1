// result.h - an edited picture as one JSON object, for other programs.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "ip2p/edit/record.h"
#include "ip2p/image/fit.h"

namespace ip2p {

/// Where the picture is, its record, and its width and height as it was read (input_), inside the
/// model (model_) and as it was written.
nlohmann::ordered_json result_json(const std::string& output, const EditRecord& record,
                                   const FitSizes& sizes);

}  // namespace ip2p
