// trainer.cpp - follow a step through `learn`, a run through `run`.
#include "ip2p/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/edit/editor.h"
#include "ip2p/image/write.h"
#include "ip2p/model/compute_errors.h"
#include "ip2p/train/batches.h"
#include "ip2p/train/checkpoint.h"
#include "ip2p/train/collective.h"
#include "ip2p/train/ema.h"
#include "ip2p/train/learning_rate.h"
#include "ip2p/train/optimizer.h"

#include "launch.h"
#include "learner.h"
#include "metrics_log.h"
#include "validation.h"

namespace ip2p {
namespace {

/// Tensors of several owners in one list, told apart by a prefix.
void append(NamedTensors& all, const std::string& prefix, const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) all.emplace_back(prefix + name, tensor);
}

/// The held-out loss is that of the plain objective: no conditions dropped, timesteps uniform.
TrainConfig held_out_config(TrainConfig config) {
  config.drop_image = config.drop_text = config.drop_both = 0;
  config.noisy_bias = 1;
  config.noise_offset = 0;
  config.min_snr.reset();
  config.precision = "float32";
  config.flip = false;
  config.crops.clear();
  config.batch = 4;
  return config;
}

/// Gradients are averaged over processes with equal weights, so their shares must be equal.
void check_shares(const TrainConfig& config, std::uint64_t world) {
  std::vector<CropRule> rules = config.crops;
  if (rules.empty()) rules = {{.pixels = config.resolution, .batch = config.batch}};
  for (const CropRule& rule : rules)
    if (static_cast<std::uint64_t>(rule.batch) % world != 0)
      throw Error(Exit::usage, text("a batch of ", rule.batch, " cannot be shared by ", world,
                                    " processes; make it a multiple of their number"));
}

/// The config's device; of several processes on a machine that are told just "cuda" (or "auto"
/// where there are GPUs), each takes the GPU of its own number.
Placement own_placement(const TrainConfig& config) {
  const Placement placement = place(config.device, "float32");
  const Launch launch = launch_from(process_environment());
  if (launch.world < 2 || !placement.device.is_cuda() || config.device.starts_with("cuda:"))
    return placement;
  return place(text("cuda:", launch.local_rank), "float32");
}

LatentGrid latent_grid(const Manifest& manifest) {
  return {.channels = manifest.latent.channels,
          .pixels_per_latent = manifest.latent.pixels_per_latent,
          .size_multiple = manifest.size_multiple,
          .encoder_hash = manifest.file("vae_encoder").sha256};
}

}  // namespace

struct Trainer::Parts {
  explicit Parts(const TrainConfig& given);

  void resume();
  void start_reading();
  double learn();
  void log_step(const TrainStep& step);
  void validate();
  void save();
  [[nodiscard]] double held_out_loss();
  [[nodiscard]] bool due(std::int64_t every) const { return every > 0 && step % every == 0; }
  [[nodiscard]] bool writes() const { return collective->rank() == 0; }
  [[nodiscard]] NamedTensors state() const;

  TrainConfig config;
  Placement placement;
  std::unique_ptr<Collective> collective;
  Learner learner;        ///< what learns
  Bundle averaged;        ///< the average of its weights: what is validated and written
  Learner averaged_loss;  ///< the same weights
  Editor editor;          ///< the same weights
  NamedTensors average;   ///< the same weights
  std::unique_ptr<Optimizer> optimizer;
  Checkpoints checkpoints;
  std::vector<Example> held_out;
  std::optional<Batches> batches;
  std::optional<MetricsLog> metrics;
  std::vector<Batch> held_out_batches;

  std::int64_t step = 0;  ///< optimizer steps done
  double gradient_norm = 0;
  double rate = 0;
  std::optional<double> best;
  bool wants_stop = false;  ///< this process; the run stops when one of them does
  bool stopped = false;
};

Trainer::Parts::Parts(const TrainConfig& given)
    : config(given),
      placement(own_placement(config)),
      collective(join_processes(placement.device)),
      learner(Bundle(config.bundle, placement, {"unet", "text_encoder", "vae_encoder"}), config),
      averaged(config.bundle, placement),
      averaged_loss(averaged, held_out_config(config)),
      editor(averaged),
      average(trained_parameters(averaged, config)),
      optimizer(make_optimizer(learner.parameters(), config)),
      checkpoints(fs::path(config.output) / "checkpoints", config.keep) {
  check_shares(config, collective->world());
  for (const auto& [name, tensor] : learner.parameters()) {
    torch::Tensor weight = tensor;
    weight.set_requires_grad(true);
  }
  if (!config.validation_data.empty()) held_out = read_examples(config.validation_data);
  resume();
}

NamedTensors Trainer::Parts::state() const {
  NamedTensors all;
  append(all, "weights.", learner.parameters());
  append(all, "average.", average);
  append(all, "optimizer.", optimizer->state());
  return all;
}

void Trainer::Parts::resume() {
  const torch::NoGradGuard no_grad;
  if (const std::optional<fs::path> latest = checkpoints.latest()) {
    const nlohmann::json about = read_tensors(*latest, state());
    if (about.at("bundle") != learner.bundle().manifest().sha256)
      throw Error(Exit::usage, text(*latest, " was trained from another bundle than ",
                                    config.bundle, "; give another output folder"));
    step = about.at("step").get<std::int64_t>();
    if (about.contains("best")) best = about.at("best").get<double>();
    if (writes()) log::info(text("resumed at step ", step, " from ", *latest));
  }
  if (writes()) metrics.emplace(fs::path(config.output) / "metrics.jsonl", step);
  collective->wait();
}

void Trainer::Parts::start_reading() {
  const LatentGrid grid = latent_grid(learner.bundle().manifest());
  const EncodePixels encode = [this](const torch::Tensor& pixels) {
    return learner.encode(pixels);
  };
  if (writes() && !held_out.empty()) {
    const TrainConfig plain = held_out_config(config);
    Batches reader(plain, spread(held_out, 64), grid, encode, {}, 0);
    for (int i = 0; i < 16; ++i) held_out_batches.push_back(reader.next());
  }
  batches.emplace(config, read_examples(config.data), grid, encode,
                  Share{.rank = collective->rank(), .world = collective->world()},
                  static_cast<std::uint64_t>(step * config.accumulate));
}

/// One optimizer step; returns its loss.
double Trainer::Parts::learn() {
  for (const auto& [name, tensor] : learner.parameters()) tensor.mutable_grad().reset();
  // the loss, and how many processes want to stop, travel with the gradients
  torch::Tensor told = torch::zeros({2}, placement.device);
  for (std::int64_t i = 0; i < config.accumulate; ++i) {
    const torch::Tensor loss =
        learner.loss(batches->next()) / static_cast<double>(config.accumulate);
    loss.backward();
    told[0] += loss.detach();
  }
  const torch::NoGradGuard no_grad;
  if (wants_stop) told[1] += 1;
  std::vector<torch::Tensor> shared{told};
  for (const auto& [name, tensor] : learner.parameters()) {
    if (!tensor.grad().defined()) tensor.mutable_grad() = torch::zeros_like(tensor);
    shared.push_back(tensor.grad());
  }
  collective->average(shared);

  gradient_norm = clip_gradients(learner.parameters(), config.clip_norm);
  rate = learning_rate(config, step);
  optimizer->step(rate);
  ++step;
  update_ema(average, learner.parameters(), ema_decay(config.ema_decay, config.ema_warmup, step));
  stopped = told[1].item<float>() > 0;
  const double loss = told[0].item<double>();
  if (!std::isfinite(loss))
    throw Error(Exit::no, text("the loss of step ", step,
                               " is not a number; lower learning_rate, or "
                               "train in float32"));
  return loss;
}

double Trainer::Parts::held_out_loss() {
  const torch::NoGradGuard no_grad;
  double sum = 0;
  for (const Batch& batch : held_out_batches)
    sum += averaged_loss.loss(batch).item<double>() / static_cast<double>(held_out_batches.size());
  return sum;
}

void Trainer::Parts::validate() {
  if (held_out.empty() || !writes()) return;
  const double loss = held_out_loss();
  const Image sheet =
      contact_sheet(editor, spread(held_out, config.validation_examples), config.resolution);
  const fs::path folder = fs::path(config.output) / "sheets";
  fs::create_directories(folder);
  write_atomically(folder / text("step-", step, ".jpg"),
                   encode_image(sheet, {.format = OutputFormat::jpeg, .quality = 90}),
                   Existing::replace);
  metrics->write({{"step", step}, {"held_out_loss", loss}});
  if (best && loss >= *best) return;
  best = loss;
  save();
  checkpoints.mark_best(step);
}

void Trainer::Parts::save() {
  if (!writes()) return;
  nlohmann::json about{{"step", step}, {"bundle", learner.bundle().manifest().sha256}};
  if (best) about["best"] = *best;
  checkpoints.save(step, state(), about);
}

void Trainer::Parts::log_step(const TrainStep& now) {
  if (!writes() || !(due(config.log_every) || now.step == 1 || now.step == now.steps)) return;
  metrics->write({{"step", now.step},
                  {"loss", now.loss},
                  {"gradient_norm", now.gradient_norm},
                  {"rate", now.rate},
                  {"seconds", now.seconds}});
}

Trainer::Trainer(const TrainConfig& config) {
  fs::create_directories(config.output);
  parts_ = std::make_unique<Parts>(config);
}

Trainer::~Trainer() = default;

std::int64_t Trainer::done() const {
  return parts_->step;
}

bool Trainer::writes() const {
  return parts_->writes();
}

void Trainer::run(const TrainObserver& observe) {
  Parts& parts = *parts_;
  const TrainConfig& config = parts.config;
  if (parts.step >= config.steps) return;
  try {
    parts.start_reading();
    std::int64_t saved = parts.step;
    while (parts.step < config.steps && !parts.stopped) {
      const auto begin = std::chrono::steady_clock::now();
      TrainStep now{.steps = config.steps, .loss = parts.learn()};
      now.step = parts.step;
      now.gradient_norm = parts.gradient_norm;
      now.rate = parts.rate;
      now.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      parts.log_step(now);
      if (parts.due(config.validate_every)) parts.validate();
      if (parts.due(config.checkpoint_every)) {
        parts.save();
        saved = parts.step;
      }
      if (!observe(now)) parts.wants_stop = true;
    }
    if (parts.step > saved) parts.save();
  } catch (...) {
    rethrow_compute_error(device_name(parts.placement.device), "training");
  }
}

void Trainer::write_bundle(const fs::path& folder, const std::string& dtype) const {
  const Manifest& manifest = parts_->averaged.manifest();
  const auto known = [&](const char* key) {
    const auto found = manifest.source.find(key);
    return found == manifest.source.end() ? std::string("unknown") : found->second;
  };
  const TrainConfig& config = parts_->config;
  parts_->averaged.write(
      folder, dtype == "float16" ? torch::kFloat16 : torch::kFloat32,
      {.name = config.name.empty() ? manifest.name : config.name,
       .source = config.source.empty() ? "trained from " + known("name") : config.source,
       .licence = config.licence.empty() ? known("licence") : config.licence});
}

}  // namespace ip2p
