// manifest.cpp - a strict reader: a field that is missing, of another type or out of range stops
// here.
#include "ip2p/model/manifest.h"

#include <iterator>

#include "ip2p/base/error.h"

#include "json_fields.h"
#include "manifest_file.h"

namespace ip2p {
namespace {

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
  manifest.text = read_tokenizer(fields, manifest.vocabulary);
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
    throw Error(Exit::model, text("there is no bundle at ", folder, " (no bundle.json in it",
                                  fs::is_regular_file(folder / clip_bundle.manifest, ignored)
                                      ? "; it is a CLIP bundle, which measures and does not edit"
                                      : "",
                                  "); give its folder with --model, or make one with "
                                  "scripts/export_bundle.py"));
  const ManifestFile file = read_manifest_file(path);
  const JsonFields fields(file.json, "", path);
  check_format(fields, path, Manifest::format, "instruct-pix2pix");
  fields.only({"format", "family", "name", "random_weights", "weights_dtype", "files", "noise",
               "latent", "size_multiple", "text", "defaults", "exporter", "source"});

  Manifest manifest;
  manifest.folder = folder;
  manifest.sha256 = file.sha256;
  manifest.name = fields.get<std::string>("name", "a name");
  manifest.random_weights = fields.get<bool>("random_weights", "true or false");
  manifest.weights_dtype = fields.get<std::string>("weights_dtype", "a dtype");
  const JsonFields files = fields.object("files");
  for (const std::string_view part : bundle_parts)
    manifest.files.emplace(part,
                           read_file_entry(files.object(std::string(part)), folder, edit_bundle));
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

}  // namespace ip2p
