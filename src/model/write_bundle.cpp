// write_bundle.cpp - a bundle from the weights in memory: what training leaves behind.
#include <fstream>
#include <system_error>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "ip2p/base/error.h"
#include "ip2p/model/bundle.h"
#include "ip2p/version.h"

#include "module.h"

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;

/// A folder that is deleted with everything in it unless it was moved to its place.
class PartialFolder {
 public:
  explicit PartialFolder(const fs::path& path) : path_(path) { fs::create_directories(path_); }
  PartialFolder(const PartialFolder&) = delete;
  PartialFolder& operator=(const PartialFolder&) = delete;
  ~PartialFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

  [[nodiscard]] const fs::path& path() const { return path_; }
  void move_to(const fs::path& place) {
    fs::rename(path_, place);
    path_.clear();
  }

 private:
  fs::path path_;
};

Json file_entry(const fs::path& path) {
  return {{"path", path.filename().string()},
          {"bytes", fs::file_size(path)},
          {"sha256", sha256_of_file(path)}};
}

void write_text(const fs::path& path, const std::string& characters) {
  const auto* start = reinterpret_cast<const std::uint8_t*>(characters.data());
  write_atomically(path, {start, characters.size()}, Existing::keep);
}

std::string readme(const Json& manifest) {
  return text("# ", manifest.at("name").get<std::string>(),
              "\n\nA bundle for ip2p (`ip2p edit --model FOLDER`), written by `ip2p train`.\n\n",
              "- Source: ", manifest.at("source").value("name", "unknown"),
              "\n- Licence of the weights: ", manifest.at("source").value("licence", "unknown"),
              "\n- Weights stored in ", manifest.at("weights_dtype").get<std::string>(), "\n");
}

/// The manifest as it was read, with what is new.
Json new_manifest(const Manifest& manifest, const fs::path& folder, torch::Dtype dtype,
                  const BundleOrigin& origin) {
  std::ifstream original(manifest.folder / "bundle.json");
  Json json = Json::parse(original);
  json["name"] = origin.name;
  json["random_weights"] = false;
  json["weights_dtype"] = dtype_name(dtype);
  for (const std::string_view part : bundle_parts)
    json["files"][part] = file_entry(folder / manifest.file(part).path.filename());
  json["exporter"] = {{"script", "ip2p train"}, {"ip2p", IP2P_VERSION}, {"torch", TORCH_VERSION}};
  json["source"] = {{"name", origin.source}, {"licence", origin.licence}};
  return json;
}

}  // namespace

void Bundle::write(const fs::path& folder, torch::Dtype dtype, const BundleOrigin& origin) const {
  fs::path place = fs::absolute(folder).lexically_normal();
  if (!place.has_filename()) place = place.parent_path();
  if (fs::exists(place))
    throw Error(Exit::file, text(folder, " exists already; name a folder that does not"));
  try {
    PartialFolder partial(place.parent_path() /
                          (place.filename().string() + ".partial-" + std::to_string(::getpid())));
    for (const std::string_view part : module_parts)
      module(part).save(partial.path() / manifest_.file(part).path.filename(), dtype);
    const fs::path tokenizer = manifest_.file("tokenizer").path;
    fs::copy_file(tokenizer, partial.path() / tokenizer.filename());
    for (const fs::directory_entry& entry : fs::directory_iterator(manifest_.folder))
      if (entry.path().filename().string().starts_with("LICENSE"))
        fs::copy_file(entry.path(), partial.path() / entry.path().filename());
    const Json json = new_manifest(manifest_, partial.path(), dtype, origin);
    write_text(partial.path() / "bundle.json", json.dump(2) + "\n");
    write_text(partial.path() / "README.md", readme(json));
    partial.move_to(place);
  } catch (const fs::filesystem_error& error) {
    throw Error(Exit::file, text("cannot write the bundle ", folder, ": ", error.code().message()));
  }
}

}  // namespace ip2p
