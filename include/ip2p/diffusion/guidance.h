// guidance.h - dual classifier-free guidance: how up to three predictions become one.
// Knows the formula (Brooks et al. 2023, equation 3) and the branches. Knows no model.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include <torch/types.h>

#include "ip2p/diffusion/denoiser.h"

namespace ip2p {

/// The paper's two scales.
struct GuidanceScales {
  double text;   ///< s_T: how far to go toward the instruction
  double image;  ///< s_I: how far to stay with the input picture
};

/// What a branch is conditioned on: e(z, 0, 0), e(z, c_I, 0), e(z, c_I, c_T).
enum class Branch { none, image, full };

/// The weights of the branches, in the order of `Branch`, that equation 3 comes down to:
///   e~ = e(0,0) + s_I (e(c_I,0) - e(0,0)) + s_T (e(c_I,c_T) - e(c_I,0))
///      = (1 - s_I) e(0,0) + (s_I - s_T) e(c_I,0) + s_T e(c_I,c_T)
/// They add up to 1.
std::array<double, 3> branch_weights(const GuidanceScales& scales);

/// Conditions for B items. C latent channels, T tokens, D context width.
struct Conditioning {
  Tensor image;  ///< (B,C,h,w): the input pictures' latents; the null image is zeros of its shape
  Tensor text;   ///< (B,T,D): the instructions' embeddings
  Tensor null_text;  ///< (1,T,D): the empty instruction's embedding
};

/// The UNet of a bundle: (N,2C,h,w), timesteps (N), context (N,T,D) -> (N,C,h,w).
using Network =
    std::function<Tensor(const Tensor& sample, const Tensor& timestep, const Tensor& context)>;

/// The guided prediction. Branches go through the network as one batch; one whose weight is exactly
/// zero is not evaluated (s_I = 1: none; s_T = s_I: image; s_T = 0: full).
Predictor guided_predictor(Network network, const Conditioning& conditioning,
                           const GuidanceScales& scales);

}  // namespace ip2p
