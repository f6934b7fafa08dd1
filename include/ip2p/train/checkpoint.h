// checkpoint.h - a run's whole state in one file, whole or not at all.
#pragma once

#include <cstdint>
#include <optional>

#include <nlohmann/json.hpp>

#include "ip2p/train/optimizer.h"

namespace ip2p {

/// Writes tensors (any device; dtypes float32, float16, bfloat16, int64, uint8) and a JSON object
/// as a .safetensors file (the JSON as text in its __metadata__ under "ip2p"), by way of a
/// temporary file in the same folder that is flushed and then moved. Streams: no second copy of
/// the tensors is made. Error{file} when the disk is full or the folder not writable; what was at
/// `path` before is then still there, whole.
void write_tensors(const fs::path& path, const NamedTensors& tensors, const nlohmann::json& about);

/// Copies the file's values into `tensors`, by name, and returns the JSON (an empty object when
/// another program wrote the file). Tensors that are not asked for are passed over. Error{file}
/// when the file is missing, cut short, not of this kind, or a name, shape or dtype differs (which,
/// expected, got); then `tensors` may be partly filled.
nlohmann::json read_tensors(const fs::path& path, const NamedTensors& tensors);

/// The JSON object of a file alone, an empty one when another program wrote it. Error{file} when it
/// is missing, cut short or not of this kind.
nlohmann::json read_about(const fs::path& path);

/// The checkpoints of one run: `folder`/step-00001000.safetensors, ..., and best.safetensors.
class Checkpoints {
 public:
  /// Makes the folder when it is not there. `keep` latest ones are kept.
  Checkpoints(fs::path folder, std::int64_t keep);

  /// The latest whole one: a file that is cut short or damaged is skipped with a warning.
  [[nodiscard]] std::optional<fs::path> latest() const;

  /// Where the checkpoint of a step is, or would be; and the best.
  [[nodiscard]] fs::path path_of(std::int64_t step) const;
  [[nodiscard]] fs::path best() const;

  /// Writes, then deletes those beyond `keep`. A failed write deletes nothing.
  void save(std::int64_t step, const NamedTensors& tensors, const nlohmann::json& about) const;

  /// Makes the checkpoint of `step` also the best (a link or a copy; whole or not at all).
  void mark_best(std::int64_t step) const;

 private:
  fs::path folder_;
  std::int64_t keep_;
};

}  // namespace ip2p
