// clip_manifest.cpp - field by field, as strict as a bundle's manifest.
#include "ip2p/model/clip_manifest.h"

#include "ip2p/base/error.h"

#include "json_fields.h"
#include "manifest_file.h"

namespace ip2p {
namespace {

[[noreturn]] void refuse_folder(const fs::path& folder) {
  std::error_code ignored;
  const bool is_edit_bundle = fs::is_regular_file(folder / edit_bundle.manifest, ignored);
  throw Error(
      Exit::model,
      text("there is no CLIP bundle at ", folder, " (no ", clip_bundle.manifest, " in it",
           is_edit_bundle ? text("; it is a bundle that edits, with ", edit_bundle.manifest) : "",
           "); make one with ", clip_bundle.exporter));
}

/// A number for each of red, green and blue.
std::array<double, 3> read_channels(const JsonFields& fields, const char* key,
                                    Range<double> range) {
  const std::string expected = text("three numbers from ", range.expected());
  const Json json = fields.get<Json>(key, expected.c_str());
  std::array<double, 3> channels{};
  if (!json.is_array() || json.size() != channels.size()) fields.fail(key, expected, json);
  for (std::size_t i = 0; i < channels.size(); ++i) {
    if (!json.at(i).is_number() || !range.allows(json.at(i).get<double>()))
      fields.fail(key, expected, json);
    channels.at(i) = json.at(i).get<double>();
  }
  return channels;
}

ClipImageSpec read_image_spec(const JsonFields& fields) {
  fields.only({"size", "mean", "std"});
  return {.size = fields.integer("size", 1, 4096),
          .mean = read_channels(fields, "mean", {-1e3, 1e3}),
          .std = read_channels(fields, "std", {1e-6, 1e3})};
}

}  // namespace

ClipManifest read_clip_manifest(const fs::path& folder) {
  const fs::path path = folder / clip_bundle.manifest;
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) refuse_folder(folder);
  const ManifestFile file = read_manifest_file(path);
  const JsonFields fields(file.json, "", path);
  check_format(fields, path, ClipManifest::format, "clip");
  fields.only({"format", "family", "name", "random_weights", "weights_dtype", "files",
               "embedding_width", "image", "text", "exporter", "source"});

  ClipManifest manifest;
  manifest.folder = folder;
  manifest.sha256 = file.sha256;
  manifest.name = fields.get<std::string>("name", "a name");
  manifest.random_weights = fields.get<bool>("random_weights", "true or false");
  manifest.weights_dtype = fields.get<std::string>("weights_dtype", "a dtype");
  const JsonFields files = fields.object("files");
  for (const std::string_view part : clip_parts)
    manifest.files.emplace(part,
                           read_file_entry(files.object(std::string(part)), folder, clip_bundle));
  manifest.embedding_width = fields.integer("embedding_width", 1, 65536);
  manifest.image = read_image_spec(fields.object("image"));
  const JsonFields words = fields.object("text");
  words.only({"length", "vocabulary", "start", "end", "pad", "front_end"});
  manifest.vocabulary = words.integer("vocabulary", 3, 10'000'000);
  manifest.text = read_tokenizer(words, manifest.vocabulary);
  manifest.exporter = read_notes(fields.object("exporter"));
  manifest.source = read_notes(fields.object("source"));
  return manifest;
}

}  // namespace ip2p
