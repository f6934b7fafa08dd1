// manifest.cpp - {"op": "manifest", "folder": DIR} reads and checks a bundle's bundle.json,
// "clip_manifest" a CLIP bundle's clip.json.
#include "ip2p/model/manifest.h"

#include "ip2p/model/clip_manifest.h"

#include "operation.h"

namespace ip2p::probe {

Json manifest(const Json& request) {
  const Manifest read = read_manifest(request.at("folder").get<std::string>());
  return {{"name", read.name}, {"hash", read.sha256}, {"betas", read.noise.betas.size()}};
}

Json clip_manifest(const Json& request) {
  const ClipManifest read = read_clip_manifest(request.at("folder").get<std::string>());
  return {{"name", read.name}, {"hash", read.sha256}, {"size", read.image.size}};
}

}  // namespace ip2p::probe
