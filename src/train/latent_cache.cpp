// latent_cache.cpp - where everything lies in the file, and how it is filled.
#include "latent_cache.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <torch/torch.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/image/tensor.h"

#include "growing_file.h"
#include "latent_source.h"
#include "read_ahead.h"
#include "square.h"

namespace ip2p {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t alignment = 64;
constexpr std::string_view magic = "ip2p latents 1 ";
constexpr std::size_t key_digits = 40;
using Header = std::array<std::uint8_t, alignment>;
using Sides = std::array<std::int32_t, 2>;  // width and height

/// Names everything that decides the content. A picture that is replaced has another size or time.
std::string key_of(const LatentCacheSpec& spec, const std::vector<fs::path>& pictures) {
  std::string all = text(spec.grid.encoder_hash, '\n', spec.grid.channels, '\n',
                         spec.grid.pixels_per_latent, '\n', spec.resolution, '\n', spec.flip, '\n');
  for (const fs::path& picture : pictures) {
    std::error_code missing;  // is part of the key as well
    const std::uintmax_t size = fs::file_size(picture, missing);
    const auto time = fs::last_write_time(picture, missing).time_since_epoch().count();
    all += text(fs::absolute(picture).lexically_normal().native(), '\0', size, ' ', time, '\n');
  }
  const ByteSpan bytes(reinterpret_cast<const std::uint8_t*>(all.data()), all.size());
  return sha256_of(bytes).substr(0, key_digits);
}

Header header_of(const std::string& key) {
  Header header{};
  std::ranges::copy(magic, header.begin());
  std::ranges::copy(key, header.begin() + magic.size());
  return header;
}

/// Where things lie.
struct Layout {
  std::uint64_t pictures;
  std::uint64_t latent_bytes;  ///< of one picture one way round
  std::uint64_t ways;          ///< 2 with mirrored ones

  Layout(const LatentCacheSpec& spec, std::size_t count)
      : pictures(count), ways(spec.flip ? 2 : 1) {
    const auto side = static_cast<std::uint64_t>(spec.resolution / spec.grid.pixels_per_latent);
    latent_bytes = static_cast<std::uint64_t>(spec.grid.channels) * side * side * sizeof(c10::Half);
  }
  [[nodiscard]] static std::uint64_t sides_at(std::size_t picture) {
    return alignment + picture * sizeof(Sides);
  }
  [[nodiscard]] std::uint64_t latent_at(std::size_t picture, bool mirrored) const {
    const std::uint64_t begin = (sides_at(pictures) + alignment - 1) / alignment * alignment;
    return begin + (picture * ways + (mirrored ? 1 : 0)) * latent_bytes;
  }
  [[nodiscard]] std::uint64_t file_bytes() const { return latent_at(pictures, false); }
};

/// nullptr when there is none, or one that is not whole.
std::unique_ptr<const MappedFile> open_whole(const fs::path& path, const Header& header,
                                             const Layout& layout) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return nullptr;
  auto file = std::make_unique<const MappedFile>(path);
  const ByteSpan bytes = file->bytes();
  const bool whole = bytes.size() == layout.file_bytes() &&
                     std::equal(header.begin(), header.end(), bytes.begin());
  if (!whole) return nullptr;
  return file;
}

/// Fills the file picture by picture.
class Maker {
 public:
  Maker(const LatentCacheSpec& spec, const Layout& layout, const EncodePixels& encode,
        GrowingFile& file)
      : spec_(spec), layout_(layout), encode_(encode), file_(file) {}

  void add(std::size_t picture, const Square& square) {
    const Sides sides{square.original.width, square.original.height};
    file_.write(Layout::sides_at(picture), bytes_of(sides.data(), sizeof sides));
    numbers_.push_back(picture);
    pixels_.push_back(to_tensor(square.image));
    constexpr std::size_t encoded_at_once = 8;
    if (numbers_.size() == encoded_at_once) flush();
  }

  /// Whether nothing waits to be encoded with what follows.
  [[nodiscard]] bool is_idle() const { return numbers_.empty(); }

  void flush() {
    if (numbers_.empty()) return;
    const torch::Tensor pixels = torch::cat(pixels_);  // (B,3,H,W)
    write(pixels, false);
    if (spec_.flip) write(pixels.flip(3), true);
    numbers_.clear();
    pixels_.clear();
  }

 private:
  static ByteSpan bytes_of(const void* data, std::size_t size) {
    return {static_cast<const std::uint8_t*>(data), size};
  }

  void write(const torch::Tensor& pixels, bool mirrored) {
    const torch::Tensor latents = encode_(pixels).to(torch::kFloat16).contiguous();
    check_latents(latents, pixels.size(0), spec_.resolution, spec_.grid);
    for (std::size_t i = 0; i < numbers_.size(); ++i)
      file_.write(layout_.latent_at(numbers_[i], mirrored),
                  bytes_of(latents[static_cast<std::int64_t>(i)].data_ptr(), layout_.latent_bytes));
  }

  const LatentCacheSpec& spec_;
  const Layout& layout_;
  const EncodePixels& encode_;
  GrowingFile& file_;
  std::vector<std::size_t> numbers_;   // pictures that wait to be encoded together
  std::vector<torch::Tensor> pixels_;  // of each, (1,3,H,W)
};

/// An unfinished file's header has the count of the pictures that are done at its end. It is on the
/// disk after what it counts.
constexpr std::size_t count_at = alignment - sizeof(std::uint64_t);

void write_count(GrowingFile& file, Header header, std::uint64_t done) {
  file.flush();
  std::memcpy(header.data() + count_at, &done, sizeof done);
  file.write(0, header);
}

/// How many pictures an earlier run has left in the file; 0 when they are of another kind.
std::uint64_t taken_over(GrowingFile& file, const Header& header, std::size_t pictures) {
  Header found{};
  file.read(0, found);
  std::uint64_t done = 0;
  std::memcpy(&done, found.data() + count_at, sizeof done);
  if (done <= pictures && std::equal(header.begin(), header.begin() + count_at, found.begin()))
    return done;
  file.clear();
  return 0;
}

[[noreturn]] void interrupt(std::uint64_t done, std::size_t all) {
  throw Error(Exit::interrupted, text("interrupted with ", done, " of ", all,
                                      " pictures encoded; the same command goes on from there"));
}

void make(const fs::path& path, const Header& header, const LatentCacheSpec& spec,
          const std::vector<fs::path>& pictures, const LatentCacheMaking& making) {
  constexpr auto save_every = std::chrono::seconds(10);
  constexpr std::size_t read_ahead = 16;
  const Layout layout(spec, pictures.size());
  const torch::NoGradGuard no_gradients;
  GrowingFile file(path, layout.file_bytes());
  const std::uint64_t first = taken_over(file, header, pictures.size());
  log::info(text("encoding ", pictures.size() - first, " pictures into ", path));
  Maker maker(spec, layout, making.encode, file);
  ReadAhead<MaybeSquare> reader(
      [&](std::uint64_t picture) {
        return read_square(pictures[picture], static_cast<int>(spec.resolution));
      },
      first, pictures.size(), making.reader_threads, read_ahead);

  Clock::time_point saved = Clock::now();
  for (std::size_t picture = first; picture < pictures.size(); ++picture) {
    const MaybeSquare read = reader.next();
    if (read.square)
      maker.add(picture, *read.square);
    else
      making.unreadable(read.failure);
    if (making.encoded) making.encoded(picture + 1, pictures.size());
    // only between groups: pictures are encoded beside the same others, and so to the same bits,
    // however often this is interrupted
    if (!maker.is_idle()) continue;
    const bool stop = making.stopping && making.stopping();
    if (!stop && Clock::now() - saved < save_every) continue;
    saved = Clock::now();
    write_count(file, header, picture + 1);
    if (stop) {
      file.keep();
      interrupt(picture + 1, pictures.size());
    }
  }
  maker.flush();
  file.write(0, header);
  file.finish();
}

/// The time at which the unfinished file was last written to, if there is one.
std::optional<fs::file_time_type> last_progress(const fs::path& path) {
  std::error_code missing;
  const auto time = fs::last_write_time(GrowingFile::partial_name(path), missing);
  return missing ? std::nullopt : std::optional(time);
}

std::unique_ptr<const MappedFile> wait_for(const fs::path& path, const Header& header,
                                           const Layout& layout, const LatentCacheMaking& making) {
  constexpr auto look_every = std::chrono::milliseconds(200);
  constexpr auto patience = std::chrono::minutes(10);
  std::optional<fs::file_time_type> progress = last_progress(path);
  Clock::time_point progressed = Clock::now();
  for (;;) {
    if (auto file = open_whole(path, header, layout)) return file;
    if (making.stopping && making.stopping())
      throw Error(Exit::interrupted, "interrupted while process 0 encodes pictures");
    const auto now = last_progress(path);
    if (now != progress) progressed = Clock::now();
    progress = now;
    if (Clock::now() - progressed > patience)
      throw Error(Exit::file, text("waited 10 minutes for process 0 to write ", path,
                                   "; see what became of it, and whether all processes see the "
                                   "same folder"));
    std::this_thread::sleep_for(look_every);
  }
}

}  // namespace

LatentCache::LatentCache(const LatentCacheSpec& spec, const std::vector<fs::path>& pictures,
                         const LatentCacheMaking& making)
    : spec_(spec), pictures_(pictures.size()) {
  const std::string key = key_of(spec, pictures);
  const Header header = header_of(key);
  const Layout layout(spec, pictures.size());
  const fs::path path = spec.folder / (key + ".f16");
  file_ = open_whole(path, header, layout);
  if (file_) return;
  if (making.by_this_process) make(path, header, spec, pictures, making);
  file_ = wait_for(path, header, layout, making);
}

Size LatentCache::original_size(std::size_t picture) const {
  Sides sides{};
  std::memcpy(sides.data(), file_->bytes().data() + Layout::sides_at(picture), sizeof sides);
  return {.width = sides[0], .height = sides[1]};
}

torch::Tensor LatentCache::latent(std::size_t picture, bool mirrored) const {
  const Layout layout(spec_, pictures_);
  const std::int64_t side = spec_.resolution / spec_.grid.pixels_per_latent;
  // from_blob takes no const; nobody writes to it
  auto* data = const_cast<std::uint8_t*>(file_->bytes().data());
  return torch::from_blob(data + layout.latent_at(picture, mirrored),
                          {spec_.grid.channels, side, side}, torch::kFloat16);
}

}  // namespace ip2p
