// editor.h - the recipe: a picture and an instruction in, the edited picture out.
#pragma once

#include <memory>
#include <string>

#include "ip2p/diffusion/step_observer.h"
#include "ip2p/edit/options.h"
#include "ip2p/image/image.h"
#include "ip2p/model/manifest.h"

namespace ip2p {

class Bundle;

/// A loaded bundle with its tokenizer. Loading takes seconds, editing many times.
class Editor {
 public:
  /// `device` and `dtype` as the flags take them. Error{model}, Error{device}.
  Editor(const fs::path& bundle, const std::string& device, const std::string& dtype);
  /// A bundle that is loaded already, whole: its weights may change between edits.
  explicit Editor(Bundle bundle);
  Editor(Editor&&) noexcept;
  Editor& operator=(Editor&&) noexcept;
  ~Editor();

  /// Edits one picture. The same request gives the same picture. Warns when the instruction is
  /// longer than the model's text length. Error{device} when memory runs out or numbers leave the
  /// dtype's range.
  [[nodiscard]] Image edit(const Image& input, const EditRequest& request,
                           const StepObserver& observe = {}) const;

  [[nodiscard]] const Manifest& manifest() const;
  [[nodiscard]] std::string device() const;  ///< "cpu", "cuda:0"
  [[nodiscard]] std::string dtype() const;   ///< "float32", "bfloat16", "float16"

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ip2p
