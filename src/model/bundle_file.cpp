// bundle_file.cpp - sizes first: they cost nothing and tell most damage.
#include "ip2p/model/bundle_file.h"

#include "ip2p/base/error.h"

#include "manifest_file.h"

namespace ip2p {

void verify_size(const BundleFile& file) {
  std::error_code failed;
  const std::uint64_t bytes = fs::file_size(file.path, failed);
  if (failed)
    throw Error(Exit::model,
                text(file.path, " is missing from the bundle; export or copy it again"));
  if (bytes != file.bytes)
    throw Error(
        Exit::model,
        text(file.path, " has ", bytes, " bytes, ", file.kind.manifest, " says ", file.bytes,
             ": it is cut short or was replaced; export or copy the bundle again"));
}

void verify_file(const BundleFile& file) {
  verify_size(file);
  const std::string hash = as_model_error([&] { return sha256_of_file(file.path); });
  if (hash != file.sha256)
    throw Error(Exit::model,
                text(file.path, " has SHA-256 ", hash, ", ", file.kind.manifest, " says ",
                     file.sha256, ": it was changed; export or copy the bundle again"));
}

}  // namespace ip2p
