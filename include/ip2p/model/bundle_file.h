// bundle_file.h - a file that a bundle's manifest lists: there, whole, and unchanged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ip2p/base/files.h"

namespace ip2p {

/// What a bundle's files say of its kind, for sentences.
struct BundleKind {
  std::string_view manifest;  ///< the file that lists the others
  std::string_view exporter;  ///< what makes such a bundle
};

inline constexpr BundleKind edit_bundle{"bundle.json", "scripts/export_bundle.py"};
inline constexpr BundleKind clip_bundle{"clip.json", "scripts/export_clip.py"};

/// One file of a bundle.
struct BundleFile {
  fs::path path;            ///< absolute or relative to the working folder
  std::uint64_t bytes = 0;  ///< its exact size
  std::string sha256;       ///< 64 hexadecimal digits
  BundleKind kind = edit_bundle;
};

/// Compares the size of one file of the bundle with the manifest. Error{model} when it is missing
/// or differs.
void verify_size(const BundleFile& file);

/// Compares the size and the SHA-256 of one file of the bundle with the manifest. Error{model} when
/// it is missing, cut short or changed.
void verify_file(const BundleFile& file);

}  // namespace ip2p
