// record.h - how a picture was made, as JSON: stored in every output, read by people and by
// `--from`.
#pragma once

#include <string>

#include "ip2p/edit/options.h"

namespace ip2p {

/// Everything needed to make the picture again.
struct EditRecord {
  EditRequest request;
  std::string input;        ///< the path as it was given, or "-"
  std::string input_hash;   ///< SHA-256 of the input's bytes
  std::string bundle;       ///< the bundle's name
  std::string bundle_hash;  ///< SHA-256 of its bundle.json
  std::string device;       ///< "cpu", "cuda:0"
  std::string dtype;        ///< "float32", ...
  std::string version;      ///< of ip2p

  [[nodiscard]] std::string to_json() const;
  /// Error{file} when the text is not such a record; `name` is the picture it came from.
  static EditRecord from_json(const std::string& json, const std::string& name);
};

}  // namespace ip2p
