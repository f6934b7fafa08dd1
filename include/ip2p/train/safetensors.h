// safetensors.h - the .safetensors file format: eight bytes with the header's length, a JSON
// header, the tensors' bytes one after another. Knows no tensor library.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ip2p/base/files.h"

namespace ip2p {

/// One tensor's place in a file.
struct StoredTensor {
  std::string name;
  std::string dtype;  ///< as the format spells it: F32, F16, BF16, I64, U8, ...
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  ///< first byte, counted from the end of the header
  std::uint64_t end = 0;    ///< behind its last byte
};

struct StoredFile {
  std::vector<StoredTensor> tensors;
  nlohmann::json about = nlohmann::json::object();  ///< what stands under "ip2p" in the metadata
  ByteSpan data;                                    ///< what `begin` and `end` count in
};

/// Bytes of one element. 0 for a dtype that is not known.
std::uint64_t safetensors_element_bytes(const std::string& dtype);

/// Everything before the data, for tensors whose places are consecutive from 0. Error{file} when a
/// name or `about` is not UTF-8, Error{bug} when two have one name.
Bytes safetensors_header(const std::vector<StoredTensor>& tensors, const nlohmann::json& about);

/// The parts of a whole file. Error{file} that begins with `path` when it is cut short, is not of
/// this format, or says something that cannot be.
StoredFile parse_safetensors(ByteSpan file, const fs::path& path);

}  // namespace ip2p
