// operation.h - one function of the library that the Python tests can call.
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

namespace ip2p::probe {

using Json = nlohmann::json;

/// A named operation: `run` takes the request object and returns the answer object.
struct Operation {
  std::string_view name;
  Json (*run)(const Json& request);
};

}  // namespace ip2p::probe
