// bundle_choice.h - which bundle: --model, else IP2P_MODEL, else the demo that ships.
#pragma once

#include <optional>
#include <string>

#include "ip2p/base/error.h"
#include "ip2p/base/files.h"
#include "ip2p/model/manifest.h"

namespace ip2p::cli {

/// A bundle's folder and who named it.
struct BundleChoice {
  fs::path folder;
  std::string origin;  ///< for people: "IP2P_MODEL named it"
};

/// `flag` is what --model says. Error{usage} when it is empty, Error{model} when nothing names a
/// bundle and none is installed.
BundleChoice choose_bundle(const std::optional<std::string>& flag);

/// The manifest of that bundle. Error{model} also when it asks for a sampler that this ip2p does
/// not have.
Manifest read_manifest(const BundleChoice& bundle);

/// Runs `use`. What is wrong with a bundle is also a question of who named it: an Error{model} says
/// so.
template <class Use>
auto with_origin(const BundleChoice& bundle, Use use) {
  try {
    return use();
  } catch (const Error& error) {
    if (error.exit() != Exit::model) throw;
    throw Error(Exit::model, text(error.what(), " (", bundle.origin, ")"));
  }
}

}  // namespace ip2p::cli
