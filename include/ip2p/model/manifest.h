// manifest.h - bundle.json: what a bundle must say of itself before anything in it is run.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "ip2p/base/files.h"
#include "ip2p/base/range.h"
#include "ip2p/diffusion/schedule.h"
#include "ip2p/image/fit.h"
#include "ip2p/model/bundle_file.h"
#include "ip2p/text/tokenizer.h"

namespace ip2p {

/// The latent space.
struct LatentSpec {
  std::int64_t channels = 0;
  std::int64_t pixels_per_latent = 0;  ///< a latent stands for this many pixels a side
  double scale = 1.0;                  ///< the UNet's latent is (VAE latent - shift) * scale
  double shift = 0.0;
  double image_scale =
      1.0;  ///< on the image condition alone: 1 for InstructPix2Pix (Brooks et al.)
};

/// What an edit takes where the request says nothing. The values here are the original's
/// edit_cli.py's.
struct EditDefaults {
  std::string sampler = "euler_a";
  std::int64_t steps = 100;
  double cfg_text = 7.5;
  double cfg_image = 1.5;
  std::int64_t resolution = 512;  ///< pixels

  // What a bundle's default may be, and a request's option too.
  static constexpr Range steps_range{1, 1000};
  static constexpr Range scale_range{0.0, 50.0};
  static constexpr Range resolution_range = FitRule::resolution_range;
};

/// The parts of a bundle that are files of their own.
inline constexpr std::array<std::string_view, 5> bundle_parts{"unet", "vae_encoder", "vae_decoder",
                                                              "text_encoder", "tokenizer"};

/// Those of them that are TorchScript archives.
inline constexpr std::array<std::string_view, 4> module_parts{"text_encoder", "vae_encoder", "unet",
                                                              "vae_decoder"};

/// A bundle.json, checked. models/README.md has every field.
struct Manifest {
  static constexpr std::int64_t format = 1;

  fs::path folder;
  std::string sha256;  ///< of bundle.json: it holds the hashes of the rest, so it names the bundle
  std::string name;
  bool random_weights = false;
  std::string weights_dtype;
  std::map<std::string, BundleFile, std::less<>> files;  ///< one for each of `bundle_parts`
  NoiseSpec noise;
  LatentSpec latent;
  std::int64_t size_multiple = 0;  ///< pixels: both sides of the model's input are multiples of it
  std::int64_t context_width = 0;  ///< D of the text encoder
  std::int64_t vocabulary = 0;     ///< token ids are below this
  TokenizerSpec text;
  EditDefaults defaults;
  std::map<std::string, std::string> exporter;  ///< script and library versions
  std::map<std::string, std::string> source;    ///< where the weights come from, and their licence

  [[nodiscard]] const BundleFile& file(std::string_view part) const {
    return files.find(part)->second;
  }
};

/// Reads and checks `folder`/bundle.json. Error{model} names the field, what was expected and what
/// is there.
Manifest read_manifest(const fs::path& folder);

}  // namespace ip2p
