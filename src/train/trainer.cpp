// trainer.cpp - follow a step through `learn`, a run through `run`.
#include "ip2p/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/image/write.h"
#include "ip2p/model/compute_errors.h"
#include "ip2p/train/batches.h"
#include "ip2p/train/checkpoint.h"
#include "ip2p/train/ema.h"
#include "ip2p/train/learning_rate.h"
#include "ip2p/train/optimizer.h"

#include "beginning.h"
#include "learner.h"
#include "metrics_log.h"
#include "validation.h"

namespace ip2p {
namespace {

constexpr auto memory_advice =
    "a smaller batch or smaller crops need less (accumulate makes up for them), and so does the "
    "precision bfloat16";

/// Tensors of several owners in one list, told apart by a prefix.
void append(NamedTensors& all, const std::string& prefix, const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) all.emplace_back(prefix + name, tensor);
}

LatentGrid latent_grid(const Manifest& manifest) {
  return {.channels = manifest.latent.channels,
          .pixels_per_latent = manifest.latent.pixels_per_latent,
          .size_multiple = manifest.size_multiple,
          .encoder_hash = manifest.file("vae_encoder").sha256};
}

/// Thrown through a validation that is to stop.
class Stopped {};

}  // namespace

struct Trainer::Parts {
  Parts(const TrainConfig& given, Beginning found);

  void resume();
  void agree(bool resumed);
  void start_reading(const TrainObserver& observe);
  double learn();
  void check_finite(double loss) const;
  void log_step(const TrainStep& step);
  [[nodiscard]] bool owes_validation() const;
  void look_up(const TrainObserver& observe);
  void judge(const TrainObserver& observe);
  void save();
  [[nodiscard]] bool due(std::int64_t every) const { return every > 0 && step % every == 0; }
  [[nodiscard]] bool writes() const { return begun.writes(); }
  [[nodiscard]] NamedTensors shared_state() const;
  [[nodiscard]] NamedTensors state() const;

  TrainConfig config;
  Beginning begun;
  Checkpoints checkpoints;
  Learner learner;  ///< what learns
  std::unique_ptr<Optimizer> optimizer;
  std::optional<AveragedModel> averaged;  ///< process 0's
  std::optional<MetricsLog> metrics;      ///< process 0's
  std::optional<Batches> batches;

  std::int64_t step = 0;   ///< optimizer steps done
  std::int64_t saved = 0;  ///< those of the latest checkpoint
  double gradient_norm = 0;
  double rate = 0;
  std::optional<double> best;
  bool wants_stop = false;  ///< this process; the run stops when one of them does
  bool stopped = false;
  bool left_validation = false;  ///< its step is to be gone on from: nothing later is saved
};

Trainer::Parts::Parts(const TrainConfig& given, Beginning found)
    : config(given),
      begun(std::move(found)),
      checkpoints(fs::path(config.output) / "checkpoints", config.keep),
      learner(Bundle(config.bundle, begun.placement, {"unet", "text_encoder", "vae_encoder"}),
              config),
      optimizer(make_optimizer(learner.parameters(), config)) {
  for (const auto& [name, tensor] : learner.parameters()) {
    torch::Tensor weight = tensor;
    weight.set_requires_grad(true);
  }
  if (writes()) averaged.emplace(learner, config);
  resume();
}

/// What all processes have the same of.
NamedTensors Trainer::Parts::shared_state() const {
  NamedTensors all;
  append(all, "weights.", learner.parameters());
  append(all, "optimizer.", optimizer->state());
  return all;
}

NamedTensors Trainer::Parts::state() const {
  NamedTensors all = shared_state();
  append(all, "average.", averaged->weights());
  return all;
}

/// Process 0 chooses the checkpoint: others might see another, or none.
void Trainer::Parts::resume() {
  const torch::NoGradGuard no_grad;
  if (begun.checkpoint) {
    read_tensors(*begun.checkpoint, state());
    step = begun.about.at("step").get<std::int64_t>();
    if (begun.about.contains("best")) best = begun.about.at("best").get<double>();
    log::info(text("resumed at step ", step, " from ", *begun.checkpoint));
  }
  if (writes()) {
    metrics.emplace(fs::path(config.output) / "metrics.jsonl", step);
    if (metrics->best()) best = std::min(*metrics->best(), best.value_or(*metrics->best()));
  }
  agree(begun.checkpoint.has_value());
  saved = step;
}

void Trainer::Parts::agree(bool resumed) {
  const torch::Tensor told = torch::tensor({std::int64_t{resumed}, step});
  begun.collective->broadcast({told});
  if (told[0].item<std::int64_t>() == 0) return;
  step = told[1].item<std::int64_t>();
  std::vector<torch::Tensor> tensors;
  for (const auto& [name, tensor] : shared_state()) tensors.push_back(tensor);
  begun.collective->broadcast(tensors);
}

void Trainer::Parts::start_reading(const TrainObserver& observe) {
  const LatentGrid grid = latent_grid(learner.bundle().manifest());
  const auto watch = [&](const char* doing) {
    ReadingWatch watching{.listed = 0, .warns = writes(), .encoded = {}, .stopping = {}};
    watching.stopping = observe.stopping;
    if (observe.busy && writes())
      watching.encoded = [&observe, doing](std::size_t done, std::size_t all) {
        observe.busy(doing, done, all);
      };
    return watching;
  };
  const EncodePixels encode = [this](const torch::Tensor& pixels) {
    return learner.encode(pixels);
  };
  if (writes() && config.validate_every > 0)
    averaged->hold_out(begun.held_out, grid, encode, watch("encoding held-out pictures"));
  if (step < config.steps)
    batches.emplace(config, begun.examples, grid, encode,
                    Share{.rank = begun.collective->rank(), .world = begun.collective->world()},
                    static_cast<std::uint64_t>(step * config.accumulate),
                    watch("encoding pictures"));
  if (config.cache_latents) learner.forget_encoder();
}

/// One optimizer step; returns its loss.
double Trainer::Parts::learn() {
  for (const auto& [name, tensor] : learner.parameters()) tensor.mutable_grad().reset();
  // the loss, and how many processes want to stop, travel with the gradients
  torch::Tensor told = torch::zeros({2}, begun.placement.device);
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
  begun.collective->average(shared);

  const double loss = told[0].item<double>();
  gradient_norm = clip_gradients(learner.parameters(), config.clip_norm);
  check_finite(loss);
  rate = learning_rate(config, step);
  optimizer->step(rate);
  ++step;
  if (averaged)
    update_ema(averaged->weights(), learner.parameters(),
               ema_decay(config.ema_decay, config.ema_warmup, step));
  stopped = told[1].item<float>() > 0;
  return loss;
}

/// Before the weights are moved: a checkpoint of what such gradients make of them is worth nothing.
/// The numbers are the same in all processes, so all of them end here or none.
void Trainer::Parts::check_finite(double loss) const {
  if (std::isfinite(loss) && std::isfinite(gradient_norm)) return;
  throw Error(
      Exit::no,
      text("step ", step + 1, " has a loss of ", loss, " and gradients of norm ", gradient_norm,
           ", and is not taken; train with a lower learning_rate, a longer warmup or in float32, "
           "into another output folder; ",
           saved > 0 ? text("the last checkpoint is ", checkpoints.path_of(saved))
                     : "no checkpoint was written before"));
}

/// Whether a validation is due that has not come to its end, in this run or an earlier one.
bool Trainer::Parts::owes_validation() const {
  return writes() && step > 0 && due(config.validate_every) && metrics->validated() != step;
}

/// Between steps, the weights being saved: is a validation due, is the run to stop?
void Trainer::Parts::look_up(const TrainObserver& observe) {
  try {
    if (owes_validation()) judge(observe);
  } catch (const Stopped&) {
    left_validation = true;
  }
  if (left_validation || (observe.stopping && observe.stopping())) wants_stop = true;
  if (begun.collective->world() == 1) stopped = wants_stop;
}

void Trainer::Parts::judge(const TrainObserver& observe) {
  const auto watch = [&](const char* doing) {
    return [&observe, doing](std::size_t done, std::size_t all) {
      if (observe.stopping && observe.stopping()) throw Stopped();
      if (observe.busy) observe.busy(doing, done, all);
    };
  };
  const double loss = averaged->held_out_loss(watch("held-out loss"));
  const std::optional<Image> sheet = averaged->contact_sheet(watch("contact sheet"));
  if (sheet)
    write_atomically(made_folder(fs::path(config.output) / "sheets") / text("step-", step, ".jpg"),
                     encode_image(*sheet, {.format = OutputFormat::jpeg, .quality = 90}),
                     Existing::replace);
  if (std::isfinite(loss) && (!best || loss < *best)) {
    best = loss;
    checkpoints.mark_best(step);
  }
  // last: the line says that this validation is done
  metrics->write({{"step", step}, {"held_out_loss", loss}});
}

void Trainer::Parts::save() {
  if (saved == step) return;
  saved = step;
  if (!writes()) return;
  nlohmann::json about = begun.identity;
  about["step"] = step;
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
  Beginning begun(config);
  const std::string device = device_name(begun.placement.device);
  try {
    parts_ = std::make_unique<Parts>(config, std::move(begun));
  } catch (...) {
    rethrow_compute_error(device, "loading what is trained", memory_advice);
  }
}

Trainer::~Trainer() = default;

std::int64_t Trainer::saved() const {
  return parts_->saved;
}

bool Trainer::writes() const {
  return parts_->writes();
}

bool Trainer::run(const TrainObserver& observe) {
  Parts& parts = *parts_;
  const TrainConfig& config = parts.config;
  try {
    if (parts.step < config.steps || parts.owes_validation()) parts.start_reading(observe);
    parts.look_up(observe);
    while (parts.step < config.steps && !parts.stopped) {
      const auto begin = std::chrono::steady_clock::now();
      TrainStep now{.steps = config.steps, .loss = parts.learn()};
      now.step = parts.step;
      now.gradient_norm = parts.gradient_norm;
      now.rate = parts.rate;
      now.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      parts.log_step(now);
      if (observe.step) observe.step(now);
      if (parts.left_validation) continue;
      if (parts.due(config.checkpoint_every) || parts.due(config.validate_every)) parts.save();
      parts.look_up(observe);
    }
    if (!parts.left_validation) parts.save();
    // mpirun ends the others when one process is gone: here, one that is still writing
    parts.begun.collective->wait();
  } catch (...) {
    rethrow_compute_error(device_name(parts.begun.placement.device), "training", memory_advice);
  }
  return parts.step >= config.steps && !parts.left_validation;
}

void Trainer::write_bundle(const fs::path& folder, const std::string& dtype, Which which) {
  Parts& parts = *parts_;
  try {
    if (which == Which::best) {
      NamedTensors average;
      append(average, "average.", parts.averaged->weights());
      read_tensors(parts.checkpoints.best(), average);
    }
    parts.averaged->write(folder, dtype);
  } catch (...) {
    rethrow_compute_error(device_name(parts.begun.placement.device), text("writing ", folder),
                          memory_advice);
  }
}

}  // namespace ip2p
