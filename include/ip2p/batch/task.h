// task.h - an item on its way: what is to be done, and what was read for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "ip2p/batch/item.h"
#include "ip2p/image/fit.h"
#include "ip2p/image/write.h"

namespace ip2p {

/// An item with everything decided.
struct BatchTask {
  BatchItem item;
  EditRequest request;  ///< resolved; the seed is the item's
  std::string output;   ///< below the output folder: what the log calls it
  fs::path path;        ///< where that is
  OutputFormat format = OutputFormat::png;
  bool replaces = false;         ///< an earlier run of this batch made what is there
  std::string_view in_the_way =  ///< why not, where something is there
      "exists and no run of this batch made it";
  std::uint64_t fingerprint =
      0;  ///< of everything that decides the picture but the input's content
};

/// Tasks with equal keys can be edited together.
using AlikeKey = std::tuple<int, int, std::string, std::int64_t, double, double>;

/// A task whose picture was read.
struct ReadyTask {
  BatchTask task;
  Fitted input;
  std::string input_hash;  ///< SHA-256 of the file's bytes
  double read_s = 0;       ///< reading, decoding, resizing

  /// Model width and height, sampler, steps, both scales.
  [[nodiscard]] AlikeKey alike() const {
    const EditOptions& options = task.request.options;
    return {input.sizes.model.width, input.sizes.model.height, *options.sampler,
            *options.steps,          *options.cfg_text,        *options.cfg_image};
  }
};

/// A task whose picture was made and waits to be written.
struct MadeTask {
  ReadyTask ready;
  Image picture;             ///< of the model's size
  double edit_s = 0;         ///< its share of the time of those that were edited together
  std::size_t together = 1;  ///< how many those were
};

}  // namespace ip2p
