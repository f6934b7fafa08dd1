// manifest.cpp - a strict reader: a field that is missing, of another type or out of range stops
// here.
#include "ip2p/model/manifest.h"

#include <algorithm>

#include "ip2p/base/error.h"
#include "ip2p/base/json_text.h"

#include "json_fields.h"

namespace ip2p {
namespace {

constexpr std::uint64_t manifest_limit_bytes = std::uint64_t{16} << 20;

/// What is wrong with a bundle is Error{model}, also when it is a file that cannot be read.
template <class Read>
auto as_model_error(Read read) {
  try {
    return read();
  } catch (const Error& error) {
    throw Error(Exit::model, error.what());
  }
}

Json parse(const fs::path& path, const Bytes& bytes) {
  try {
    return parse_json<Json>({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  } catch (const std::exception& error) {
    throw Error(Exit::model,
                text(path, " is not valid JSON (", error.what(), "); export the bundle again"));
  }
}

void check_format(const JsonFields& fields, const fs::path& path) {
  const auto format = fields.get<std::int64_t>("format", "a whole number");
  if (format != Manifest::format)
    throw Error(Exit::model,
                text(path, ": bundle format ", format, ", this ip2p reads format ",
                     Manifest::format, "; export the bundle again or use another ip2p"));
  const auto family = fields.get<std::string>("family", "\"instruct-pix2pix\"");
  if (family != "instruct-pix2pix") fields.fail("family", "\"instruct-pix2pix\"", family);
}

bool is_sha256(const std::string& hash) {
  return hash.size() == 64 && hash.find_first_not_of("0123456789abcdef") == std::string::npos;
}

BundleFile read_file_entry(const JsonFields& fields, const fs::path& folder) {
  fields.only({"path", "bytes", "sha256"});
  const auto name = fields.get<std::string>("path", "a file name");
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    fields.fail("path", "the name of a file in the bundle's folder", name);
  BundleFile file{.path = folder / name,
                  .bytes = static_cast<std::uint64_t>(fields.integer("bytes", 1, INT64_MAX)),
                  .sha256 = fields.get<std::string>("sha256", "64 hexadecimal digits")};
  if (!is_sha256(file.sha256)) fields.fail("sha256", "64 hexadecimal digits", file.sha256);
  return file;
}

std::vector<float> read_betas(const JsonFields& fields, std::int64_t train_timesteps) {
  const Json betas = fields.get<Json>("betas", "a list of numbers");
  const std::string expected = text("a list of ", train_timesteps, " numbers between 0 and 1");
  if (!betas.is_array() || std::ssize(betas) != train_timesteps)
    fields.fail("betas", expected, betas.is_array() ? Json(text(betas.size(), " entries")) : betas);
  std::vector<float> values;
  for (const Json& beta : betas) {
    if (!beta.is_number() || !(beta.get<double>() > 0.0) || !(beta.get<double>() < 1.0))
      fields.fail("betas", expected, beta);
    values.push_back(beta.get<float>());
  }
  return values;
}

NoiseSpec read_noise(const JsonFields& fields) {
  fields.only({"prediction", "train_timesteps", "betas", "timestep_spacing", "steps_offset",
               "final_alpha_one"});
  NoiseSpec noise;
  noise.prediction = choice<Prediction>(fields, "prediction", prediction_names);
  noise.betas = read_betas(fields, fields.integer("train_timesteps", 2, 100000));
  if (fields.optional<Json>("timestep_spacing", "a name"))
    noise.spacing = choice<Spacing>(fields, "timestep_spacing", spacing_names);
  noise.steps_offset = fields.integer("steps_offset", 0, std::ssize(noise.betas) - 1);
  noise.final_alpha_one = fields.optional<bool>("final_alpha_one", "true, false or null");
  return noise;
}

LatentSpec read_latent(const JsonFields& fields) {
  fields.only({"channels", "pixels_per_latent", "scale", "shift", "image_scale"});
  LatentSpec latent;
  latent.channels = fields.integer("channels", 1, 1024);
  latent.pixels_per_latent = fields.integer("pixels_per_latent", 1, 64);
  latent.scale = fields.number("scale", 1e-6, 1e6);
  latent.shift = fields.number("shift", -1e6, 1e6);
  latent.image_scale = fields.number("image_scale", 1e-6, 1e6);
  return latent;
}

void read_text(const JsonFields& fields, Manifest& manifest) {
  fields.only({"length", "width", "vocabulary", "start", "end", "pad", "front_end"});
  manifest.context_width = fields.integer("width", 1, 65536);
  manifest.vocabulary = fields.integer("vocabulary", 3, 10'000'000);
  manifest.text.length = fields.integer("length", 3, 4096);
  manifest.text.start = fields.integer("start", 0, manifest.vocabulary - 1);
  manifest.text.end = fields.integer("end", 0, manifest.vocabulary - 1);
  manifest.text.pad = fields.integer("pad", 0, manifest.vocabulary - 1);
  manifest.text.front_end = choice<FrontEnd>(fields, "front_end", front_end_names);
}

EditDefaults read_defaults(const JsonFields& fields) {
  fields.only({"sampler", "steps", "cfg_text", "cfg_image", "resolution"});
  EditDefaults defaults;
  if (fields.has("sampler"))
    defaults.sampler = fields.get<std::string>("sampler", "a sampler's name");
  if (fields.has("steps")) defaults.steps = fields.integer("steps", EditDefaults::steps_range);
  if (fields.has("cfg_text"))
    defaults.cfg_text = fields.number("cfg_text", EditDefaults::scale_range);
  if (fields.has("cfg_image"))
    defaults.cfg_image = fields.number("cfg_image", EditDefaults::scale_range);
  if (fields.has("resolution"))
    defaults.resolution = fields.integer("resolution", EditDefaults::resolution_range);
  return defaults;
}

/// An object whose values are strings, for people.
std::map<std::string, std::string> read_notes(const JsonFields& fields) {
  std::map<std::string, std::string> notes;
  for (const auto& [key, value] : fields.json().items())
    notes[key] = value.is_string() ? value.get<std::string>() : value.dump();
  return notes;
}

void check_sizes(const Manifest& manifest, const JsonFields& fields) {
  if (manifest.size_multiple % manifest.latent.pixels_per_latent != 0)
    fields.fail(
        "size_multiple",
        text("a multiple of latent.pixels_per_latent (", manifest.latent.pixels_per_latent, ")"),
        manifest.size_multiple);
}

}  // namespace

Manifest read_manifest(const fs::path& folder) {
  const fs::path path = folder / "bundle.json";
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored))
    throw Error(Exit::model, text("there is no bundle at ", folder,
                                  " (no bundle.json in it); give its folder "
                                  "with --model, or make one with scripts/export_bundle.py"));
  const Bytes bytes = as_model_error([&] { return read_file(path, manifest_limit_bytes); });
  const JsonFields fields(parse(path, bytes), "", path);
  check_format(fields, path);
  fields.only({"format", "family", "name", "random_weights", "weights_dtype", "files", "noise",
               "latent", "size_multiple", "text", "defaults", "exporter", "source"});

  Manifest manifest;
  manifest.folder = folder;
  manifest.sha256 = sha256_of(bytes);
  manifest.name = fields.get<std::string>("name", "a name");
  manifest.random_weights = fields.get<bool>("random_weights", "true or false");
  manifest.weights_dtype = fields.get<std::string>("weights_dtype", "a dtype");
  const JsonFields files = fields.object("files");
  for (const std::string_view part : bundle_parts)
    manifest.files.emplace(part, read_file_entry(files.object(std::string(part)), folder));
  manifest.noise = read_noise(fields.object("noise"));
  manifest.latent = read_latent(fields.object("latent"));
  manifest.size_multiple = fields.integer("size_multiple", FitRule::size_multiple_range);
  read_text(fields.object("text"), manifest);
  manifest.defaults = read_defaults(fields.object("defaults"));
  manifest.exporter = read_notes(fields.object("exporter"));
  manifest.source = read_notes(fields.object("source"));
  check_sizes(manifest, fields);
  return manifest;
}

void verify_size(const BundleFile& file) {
  std::error_code failed;
  const std::uint64_t bytes = fs::file_size(file.path, failed);
  if (failed)
    throw Error(Exit::model,
                text(file.path, " is missing from the bundle; export or copy it again"));
  if (bytes != file.bytes)
    throw Error(Exit::model,
                text(file.path, " has ", bytes, " bytes, bundle.json says ", file.bytes,
                     ": it is cut short or was replaced; export or copy the bundle again"));
}

void verify_file(const BundleFile& file) {
  verify_size(file);
  const std::string hash = as_model_error([&] { return sha256_of_file(file.path); });
  if (hash != file.sha256)
    throw Error(Exit::model,
                text(file.path, " has SHA-256 ", hash, ", bundle.json says ", file.sha256,
                     ": it was changed; export or copy the bundle again"));
}

}  // namespace ip2p
