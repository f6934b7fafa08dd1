// cmd_info.cpp - what a bundle is, and what there is to run it with.
#include <iostream>
#include <memory>
#include <optional>

#include <nlohmann/json.hpp>

#include "ip2p/base/log.h"
#include "ip2p/diffusion/sampler_list.h"
#include "ip2p/model/devices.h"
#include "ip2p/model/manifest.h"
#include "ip2p/model/rewrites.h"
#include "ip2p/train/config.h"
#include "ip2p/version.h"

#include "bundle_choice.h"
#include "command.h"
#include "option_flags.h"
#include "parse_errors.h"

namespace ip2p::cli {
namespace {

using Json = nlohmann::ordered_json;

struct InfoFlags {
  std::optional<std::string> bundle;
  bool json = false;
};

Json bundle_json(const Manifest& manifest) {
  for (const auto& [part, file] : manifest.files) verify_file(file);
  std::uint64_t bytes = 0;
  for (const auto& [part, file] : manifest.files) bytes += file.bytes;
  const auto spelled = [](const auto& names, auto value) {
    return names.at(static_cast<std::size_t>(value));
  };
  return {{"folder", manifest.folder.string()},
          {"name", manifest.name},
          {"hash", manifest.sha256},
          {"random_weights", manifest.random_weights},
          {"weights_dtype", manifest.weights_dtype},
          {"bytes", bytes},
          {"prediction", spelled(prediction_names, manifest.noise.prediction)},
          {"train_timesteps", manifest.noise.betas.size()},
          {"latent_channels", manifest.latent.channels},
          {"pixels_per_latent", manifest.latent.pixels_per_latent},
          {"size_multiple", manifest.size_multiple},
          {"text_length", manifest.text.length},
          {"front_end", spelled(front_end_names, manifest.text.front_end)},
          {"defaults",
           {{"sampler", manifest.defaults.sampler},
            {"steps", manifest.defaults.steps},
            {"cfg_text", manifest.defaults.cfg_text},
            {"cfg_image", manifest.defaults.cfg_image},
            {"resolution", manifest.defaults.resolution}}},
          {"exporter", manifest.exporter},
          {"source", manifest.source}};
}

/// Every flag of a command, from the parser itself: the README's table is made from this.
Json flags_json(const CLI::App& command) {
  Json flags = Json::array();
  for (const CLI::Option* option : command.get_options()) {
    const bool switch_like = option->get_items_expected_max() == 0;
    flags.push_back({{"flag", option->get_name(true, true)},
                     {"help", option->get_description()},
                     {"values", switch_like ? "" : option->get_type_name()},
                     {"default", option->get_default_str()}});
  }
  return flags;
}

Json all(const CLI::App& program, const Json& bundle) {
  Json info{{"ip2p", IP2P_VERSION}, {"bundle", bundle}};
  for (const DeviceInfo& device : devices())
    info["devices"].push_back({{"name", device.name}, {"description", device.description}});
  info["dtypes"] = dtype_names;
  info["rewrites"] = rewrite_names;
  for (const SamplerInfo& sampler : sampler_list())
    info["samplers"].push_back({{"name", sampler.name}, {"description", sampler.description}});
  for (const CLI::App* command : program.get_subcommands({})) {
    info["commands"][command->get_name()] = flags_json(*command);
    for (const CLI::App* part : command->get_subcommands({}))
      info["commands"][command->get_name() + " " + part->get_name()] = flags_json(*part);
  }
  for (const ConfigKey& key : config_keys())
    info["train_config"].push_back(
        {{"key", key.name}, {"help", key.help}, {"values", key.values}, {"default", key.standard}});
  return info;
}

/// The bundle that was asked for, else the demo; null where none was asked for and none is
/// installed: the devices and samplers can be shown all the same.
Json shown_bundle(const std::optional<std::string>& asked) {
  std::optional<BundleChoice> bundle;
  try {
    bundle = choose_bundle(asked);
  } catch (const Error& error) {
    if (error.exit() != Exit::model) throw;
    log::warn(error.what());
    return nullptr;
  }
  const Manifest manifest = read_manifest(*bundle);
  return with_origin(*bundle, [&] { return bundle_json(manifest); });
}

void print_for_people(const Json& info) {
  const Json& bundle = info.at("bundle");
  const auto word = [](const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  std::cout << "ip2p " << word(info.at("ip2p")) << "\n\nbundle "
            << (bundle.is_null() ? "none" : word(bundle.at("name"))) << "\n";
  if (bundle.is_object() && bundle.at("random_weights").get<bool>())
    std::cout << "  RANDOM WEIGHTS: for tests; its edits mean nothing\n";
  for (const auto& [key, value] : bundle.items()) {
    if (key == "name" || key == "random_weights") continue;
    if (!value.is_object()) {
      std::cout << "  " << key << ": " << word(value) << "\n";
      continue;
    }
    std::cout << "  " << key << ":\n";
    for (const auto& [inner, text] : value.items())
      std::cout << "    " << inner << ": " << word(text) << "\n";
  }
  for (const char* list : {"devices", "samplers"}) {
    std::cout << "\n" << list << "\n";
    for (const Json& row : info.at(list))
      std::cout << "  " << word(row.at("name")) << ": " << word(row.at("description")) << "\n";
  }
  std::cout << "\nrewrites\n";
  for (const Json& name : info.at("rewrites")) std::cout << "  " << word(name) << "\n";
}

}  // namespace

Command info_command(CLI::App& program) {
  CLI::App* app =
      program.add_subcommand("info", "Say what a bundle is and what there is to run it");
  auto flags = std::make_shared<InfoFlags>();
  app->option_defaults()->take_last();
  add_word(*app, "BUNDLE,--model", flags->bundle,
           "the bundle's folder (default: IP2P_MODEL, else the demo that ships)");
  app->add_flag("--json", flags->json, "as one JSON object");
  return {app, [app, flags, &program] {
            refuse_repeated(*app, {"--model"});
            const Json info = all(program, shown_bundle(flags->bundle));
            if (flags->json)
              std::cout << info.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
            else
              print_for_people(info);
            return Exit::ok;
          }};
}

}  // namespace ip2p::cli
