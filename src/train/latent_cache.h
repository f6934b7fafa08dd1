// latent_cache.h - the latents of every picture of a run in one file, made once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "ip2p/base/mapped_file.h"
#include "ip2p/image/resample.h"
#include "ip2p/train/batches.h"

namespace ip2p {

/// What decides the content of the file, besides the pictures.
struct LatentCacheSpec {
  fs::path folder;
  LatentGrid grid;
  std::int64_t resolution = 0;  ///< pixels a side
  bool flip = false;            ///< hold mirrored pictures too
};

/// How the file comes to be when it is not there.
struct LatentCacheMaking {
  bool by_this_process = true;  ///< false: wait until another process has made it
  std::size_t reader_threads = 1;
  EncodePixels encode;
  /// Told of each picture that cannot be read; may throw to stop.
  std::function<void(const std::string& why)> unreadable;
  std::function<void(std::size_t done, std::size_t all)>
      encoded;                     ///< told how far it is; may be {}
  std::function<bool()> stopping;  ///< asked meanwhile; true: Error{interrupted}; may be {}
};

/// The file: 64 bytes that name it (and while it is unfinished count the pictures that are done, in
/// the last 8 of them); for each picture the width and height of the original as int32,
/// 0 for one that cannot be read; from the next multiple of 64 on the latents of each, float16
/// (C,h,w), and with `flip` those of the mirrored picture after them.
class LatentCache {
 public:
  /// Opens the file, after making it (or waiting for it) when it is missing or not whole. It is
  /// written under another name and moved: a file that is there is whole. What a run that was
  /// stopped or killed left unfinished is gone on with. Error{file} when it cannot be written, or
  /// when the process that makes it stands still; Error{interrupted}.
  LatentCache(const LatentCacheSpec& spec, const std::vector<fs::path>& pictures,
              const LatentCacheMaking& making);

  /// {0, 0} when the picture could not be read.
  [[nodiscard]] Size original_size(std::size_t picture) const;

  /// (C,h,w) float16, lying in the file: not to be written to, valid while the cache lives.
  [[nodiscard]] torch::Tensor latent(std::size_t picture, bool mirrored) const;

 private:
  LatentCacheSpec spec_;
  std::size_t pictures_;
  std::unique_ptr<const MappedFile> file_;
};

}  // namespace ip2p
