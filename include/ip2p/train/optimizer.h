// optimizer.h - how gradients move weights: AdamW and Muon.
#pragma once

#include <memory>

#include <torch/types.h>

#include "ip2p/model/named_tensors.h"
#include "ip2p/train/config.h"

namespace ip2p {

class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Moves every parameter that has a gradient, by rate times its direction. `rate` is the learning
  /// rate of this step.
  virtual void step(double rate) = 0;

  /// Moments and counts, by name: what a resumed run must be given back, to the bit. The tensors
  /// are the optimizer's own.
  [[nodiscard]] virtual NamedTensors state() const = 0;
};

/// AdamW with decoupled weight decay (Loshchilov and Hutter 2019), equal to torch.optim.AdamW.
std::unique_ptr<Optimizer> make_adamw(const NamedTensors& parameters, const TrainConfig& config);

/// Muon (Jordan et al. 2024): momentum (Nesterov), orthogonalised by five Newton-Schulz
/// iterations, times sqrt(max(1, rows / columns)); convolutions are matrices (out, in * k * k).
/// Parameters of fewer than two dimensions and tables of embeddings (a name that ends in
/// "embedding.weight") are moved by AdamW at rate * adam_rate. Matrices as torch.optim.Muon does in
/// its "original" rate adjustment.
std::unique_ptr<Optimizer> make_muon(const NamedTensors& parameters, const TrainConfig& config);

/// The one that config.optimizer names.
std::unique_ptr<Optimizer> make_optimizer(const NamedTensors& parameters,
                                          const TrainConfig& config);

/// Nearest semi-orthogonal matrix, roughly: five steps of the quintic iteration with
/// (3.4445, -4.7750, 2.0315) on matrix (n,m) divided by its norm. In bfloat16 as the original's,
/// or in the matrix's own dtype. Same shape.
torch::Tensor newton_schulz(const torch::Tensor& matrix, torch::Dtype arithmetic);

/// Scales all gradients so that their joint 2-norm is at most `largest` (0: leaves them); returns
/// the norm before.
double clip_gradients(const NamedTensors& parameters, double largest);

}  // namespace ip2p
