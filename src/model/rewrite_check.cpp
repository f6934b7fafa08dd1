// rewrite_check.cpp - the marks are empty files: nothing to parse, nothing to lock.
#include "rewrite_check.h"

#include <system_error>

#include <ATen/Version.h>
#include <torch/torch.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/model/compute_errors.h"
#include "ip2p/version.h"

namespace ip2p {
namespace {

/// To be raised with every change of what a rewritten module computes.
constexpr int revision = 2;

/// What libtorch, oneDNN and our own kernels choose their instructions by.
std::string processor() {
  std::string words = at::get_cpu_capability();
#if defined(__x86_64__)
  if (__builtin_cpu_supports("fma")) words += " fma";
  if (__builtin_cpu_supports("avx2")) words += " avx2";
  if (__builtin_cpu_supports("avx512f")) words += " avx512f";
  if (__builtin_cpu_supports("avx512bf16")) words += " avx512bf16";
#endif
  return words;
}

fs::path mark_of(std::string_view part, const BundleFile& file, const Placement& placement,
                 const fs::path& cache) {
  if (cache.empty()) return {};
  std::string key =
      text(revision, ' ', part, ' ', file.sha256, ' ', device_name(placement.device), ' ',
           dtype_name(placement.dtype), ' ', processor(), ' ', IP2P_VERSION, ' ', TORCH_VERSION);
  for (const std::string_view name : placement.rewrites) key += text(' ', name);
  return cache / "rewrites" / sha256_of(Bytes(key.begin(), key.end()));
}

/// Inputs of a part: small, and more than one pixel high and wide wherever its levels go.
std::vector<torch::Tensor> trial_inputs(std::string_view part, const Manifest& manifest,
                                        const Placement& placement) {
  const std::int64_t height = 2 * manifest.size_multiple;
  const std::int64_t width = 3 * manifest.size_multiple;
  const std::int64_t latent = manifest.latent.pixels_per_latent;
  const std::int64_t channels = manifest.latent.channels;
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(0);
  const auto random = [&](torch::IntArrayRef shape) {
    return torch::randn(shape, generator).to(placement.device, placement.dtype);
  };
  if (part == "text_encoder")
    return {torch::zeros({1, manifest.text.length}, torch::kInt64).to(placement.device)};
  if (part == "vae_encoder") return {random({1, 3, height, width}).clamp(-1, 1)};
  if (part == "vae_decoder") return {random({1, channels, height / latent, width / latent})};
  return {random({2, 2 * channels, height / latent, width / latent}),
          torch::full({2}, 500.0F).to(placement.device),
          random({2, manifest.text.length, manifest.context_width})};
}

}  // namespace

RewriteCheck::RewriteCheck(std::string_view part, const BundleFile& file,
                           const Placement& placement, const fs::path& cache)
    : archive_(file.path), dtype_(placement.dtype), mark_(mark_of(part, file, placement, cache)) {}

bool RewriteCheck::is_needed() const {
  std::error_code ignored;
  return mark_.empty() || !fs::exists(mark_, ignored);
}

void RewriteCheck::compare(const torch::Tensor& plain, const torch::Tensor& rewritten) const {
  if (!torch::isfinite(plain).all().item<bool>()) return;  // nothing can be said of it
  const double most = dtype_ == torch::kFloat32 ? 1e-3 : 0.05;
  const double scale = plain.abs().max().item<double>();
  const double apart =
      (plain.to(torch::kFloat32) - rewritten.to(torch::kFloat32)).abs().max().item<double>();
  log::debug(
      text(archive_.filename(), " rewritten is ", apart / scale, " of its largest value apart"));
  if (!(apart <= most * scale))
    throw Error(Exit::model, text(archive_, " computed in a faster way differs by ", apart,
                                  " where its values go up to ", scale, " (expected: at most ",
                                  most, " of that); run it with --rewrites none"));
  if (mark_.empty()) return;
  std::error_code ignored;
  fs::create_directories(mark_.parent_path(), ignored);
  try {
    write_atomically(mark_, {}, Existing::replace);
  } catch (const Error& error) {
    log::debug(text("not remembered: ", error.what()));
  }
}

void rewrite_checked(Module& module, std::string_view part, const Manifest& manifest,
                     const Placement& placement) {
  const BundleFile& file = manifest.file(part);
  const RewriteCheck check(part, file, placement);
  const Runs runs = part == "unet" ? Runs::every_step : Runs::once_an_edit;
  if (!check.is_needed()) {
    module.rewrite(placement, runs);
    return;
  }
  const torch::NoGradGuard no_gradients;
  const std::vector<torch::Tensor> trial = trial_inputs(part, manifest, placement);
  const torch::Tensor plain = module(trial);
  module.rewrite(placement, runs);
  torch::Tensor rewritten;
  try {
    rewritten = module(trial);
  } catch (const OutOfMemory&) {
    throw;
  } catch (const Error& error) {
    throw Error(error.exit(), text(file.path, " cannot be computed in a faster way (", error.what(),
                                   "); run it with --rewrites none"));
  }
  check.compare(plain, rewritten);
}

}  // namespace ip2p
