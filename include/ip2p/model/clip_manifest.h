// clip_manifest.h - clip.json: what a CLIP bundle must say of itself before anything in it is run.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "ip2p/model/bundle_file.h"
#include "ip2p/text/tokenizer.h"

namespace ip2p {

/// The picture that a CLIP model sees.
struct ClipImageSpec {
  std::int64_t size = 0;         ///< pixels a side
  std::array<double, 3> mean{};  ///< of red, green and blue, in 0 to 1: taken off
  std::array<double, 3> std{};   ///< divided by
};

/// The parts of a CLIP bundle that are files of their own.
inline constexpr std::array<std::string_view, 3> clip_parts{"image", "text", "tokenizer"};

/// A clip.json, checked. models/README.md has every field.
struct ClipManifest {
  static constexpr std::int64_t format = 1;

  fs::path folder;
  std::string sha256;  ///< of clip.json: it holds the hashes of the rest, so it names the bundle
  std::string name;
  bool random_weights = false;
  std::string weights_dtype;
  std::map<std::string, BundleFile, std::less<>> files;  ///< one for each of `clip_parts`
  std::int64_t embedding_width = 0;                      ///< D
  ClipImageSpec image;
  std::int64_t vocabulary = 0;  ///< token ids are below this
  TokenizerSpec text;
  std::map<std::string, std::string> exporter;  ///< script and library versions
  std::map<std::string, std::string> source;    ///< where the weights come from, and their licence

  [[nodiscard]] const BundleFile& file(std::string_view part) const {
    return files.find(part)->second;
  }
};

/// Reads and checks `folder`/clip.json. Error{model} names the field, what was expected and what is
/// there; also for a folder that is a bundle of another kind.
ClipManifest read_clip_manifest(const fs::path& folder);

}  // namespace ip2p
