// manifest_file.h - what the manifests of all kinds of bundles have in common.
#pragma once

#include <map>
#include <string>

#include "ip2p/base/error.h"
#include "ip2p/model/bundle_file.h"
#include "ip2p/text/tokenizer.h"

#include "json_fields.h"

namespace ip2p {

/// What is wrong with a bundle is Error{model}, also when it is a file that cannot be read.
template <class Read>
auto as_model_error(Read read) {
  try {
    return read();
  } catch (const Error& error) {
    throw Error(Exit::model, error.what());
  }
}

/// A manifest's content, and the hash of it.
struct ManifestFile {
  Json json;
  std::string sha256;
};

/// Reads and parses the file. Error{model}.
ManifestFile read_manifest_file(const fs::path& path);

/// Error{model} unless the manifest has this format and family.
void check_format(const JsonFields& fields, const fs::path& path, std::int64_t format,
                  const std::string& family);

/// {"path", "bytes", "sha256"}: a file in the bundle's folder.
BundleFile read_file_entry(const JsonFields& fields, const fs::path& folder, BundleKind kind);

/// The keys of a "text" object that say how words become tokens: length, start, end, pad and
/// front_end; ids are below `vocabulary`.
TokenizerSpec read_tokenizer(const JsonFields& fields, std::int64_t vocabulary);

/// An object whose values are strings, for people.
std::map<std::string, std::string> read_notes(const JsonFields& fields);

}  // namespace ip2p
