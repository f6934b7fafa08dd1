// editor.h - the recipe: a picture and an instruction in, the edited picture out.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ip2p/diffusion/step_observer.h"
#include "ip2p/edit/options.h"
#include "ip2p/image/fit.h"
#include "ip2p/image/image.h"
#include "ip2p/model/manifest.h"
#include "ip2p/model/rewrites.h"
#include "ip2p/text/tokenizer.h"

namespace ip2p {

class Bundle;

/// One of several pictures that are edited together.
struct EditItem {
  const Fitted& input;  ///< by `fit` under fit_rule(request.options, the manifest)
  const EditRequest& request;
  /// Names the fitted picture, so that its latent is computed once for edits that follow each
  /// other;
  /// "" for a picture that is seen once.
  std::string input_key{};
};

/// How an edit is watched and stopped: each is called where it is not empty, and may throw.
struct EditObserver {
  StepObserver step;
  /// Told as each of "encode", "sample" and "decode" has ended. (On a GPU "encode" ends when its
  /// work is queued.)
  std::function<void(std::string_view stage)> stage_done;
};

/// A loaded bundle with its tokenizer. Loading takes seconds, editing many times.
class Editor {
 public:
  /// `device` and `dtype` as the flags take them. Error{model}, Error{device}.
  Editor(const fs::path& bundle, const std::string& device, const std::string& dtype,
         const Rewrites& rewrites = all_rewrites());
  /// A bundle that is loaded already, whole: its weights may change between edits.
  explicit Editor(Bundle bundle);
  Editor(Editor&&) noexcept;
  Editor& operator=(Editor&&) noexcept;
  ~Editor();

  /// Edits one picture. The same request gives the same picture. What an instruction has beyond the
  /// model's text length is left out (warn_if_cut says so). Error{device} when memory runs out or
  /// numbers leave the dtype's range.
  [[nodiscard]] Image edit(const Image& input, const EditRequest& request,
                           const EditObserver& observe = {}) const;

  /// Edits pictures together: all have one `sizes.model`, and requests with the same sampler, steps
  /// and scales (Error{bug} otherwise). Returns one picture an item of that size: `restore` gives
  /// it its own. Each is what `edit` makes of it, to the bit for one item, and on the CPU in
  /// float32 within 1/255 for several. Embeddings of instructions and latents of pictures are kept
  /// for the calls that follow.
  [[nodiscard]] std::vector<Image> edit_together(std::span<const EditItem> items,
                                                 const EditObserver& observe = {}) const;

  [[nodiscard]] const Manifest& manifest() const;
  [[nodiscard]] const Tokenizer& tokenizer() const;
  [[nodiscard]] std::string device() const;  ///< "cpu", "cuda:0"
  [[nodiscard]] std::string dtype() const;   ///< "float32", "bfloat16", "float16"

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ip2p
