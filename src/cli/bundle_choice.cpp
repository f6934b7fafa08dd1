// bundle_choice.cpp - the demo is found from the program's own place, so that a folder can be moved
// as a whole.
#include "bundle_choice.h"

#include <algorithm>
#include <cstdlib>

#include "ip2p/diffusion/sampler_list.h"

namespace ip2p::cli {
namespace {

/// models/demo of the installation, or of the checkout that the program was built in.
fs::path demo_bundle() {
  std::error_code ignored;
  const fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  // from libexec/ip2p of an installation, and from build of a checkout
  for (const char* place : {"../../share/ip2p/models/demo", "../models/demo"}) {
    const fs::path candidate = (folder / place).lexically_normal();
    if (fs::is_regular_file(candidate / "bundle.json", ignored)) return candidate;
  }
  throw Error(Exit::model,
              "no bundle was given and the demo bundle is not installed; give --model DIR or "
              "set IP2P_MODEL");
}

/// The manifest's reader knows no samplers.
void check_default_sampler(const Manifest& manifest) {
  std::string known;
  for (const SamplerInfo& sampler : sampler_list()) {
    if (sampler.name == manifest.defaults.sampler) return;
    known += text(known.empty() ? "" : ", ", sampler.name);
  }
  throw Error(Exit::model, text(manifest.folder / "bundle.json", ": defaults.sampler: expected ",
                                "one of ", known, ", got \"", manifest.defaults.sampler,
                                "\"; export the bundle again or use a newer ip2p"));
}

}  // namespace

BundleChoice choose_bundle(const std::optional<std::string>& flag) {
  if (flag && flag->empty())
    throw Error(Exit::usage,
                "--model is empty; give a bundle's folder, or leave it out for IP2P_MODEL or the "
                "demo that ships");
  if (flag) return {*flag, "--model named it"};
  const char* from_environment = std::getenv("IP2P_MODEL");
  if (from_environment != nullptr && *from_environment != '\0')
    return {from_environment, "IP2P_MODEL named it"};
  return {demo_bundle(), "it is the demo that ships, as neither --model nor IP2P_MODEL names one"};
}

Manifest read_manifest(const BundleChoice& bundle) {
  return with_origin(bundle, [&] {
    Manifest manifest = ip2p::read_manifest(bundle.folder);
    check_default_sampler(manifest);
    return manifest;
  });
}

}  // namespace ip2p::cli
