// checkpoint.cpp - tensors between memory and a file, and which files of a run stay.
#include "ip2p/train/checkpoint.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <map>
#include <system_error>

#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>
#include <fcntl.h>
#include <unistd.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/base/mapped_file.h"
#include "ip2p/train/safetensors.h"

namespace ip2p {
namespace {

using Json = nlohmann::json;

struct DtypeName {
  torch::Dtype dtype;
  const char* name;
};

constexpr std::array all_dtypes{DtypeName{torch::kFloat32, "F32"},
                                DtypeName{torch::kFloat16, "F16"},
                                DtypeName{torch::kBFloat16, "BF16"},
                                DtypeName{torch::kInt64, "I64"}, DtypeName{torch::kUInt8, "U8"}};

std::string stored_dtype(const std::string& name, const torch::Tensor& tensor) {
  for (const DtypeName& known : all_dtypes)
    if (known.dtype == tensor.scalar_type()) return known.name;
  throw Error(Exit::bug,
              text("tensor ", name, " of dtype ", tensor.dtype(), " has no place in a checkpoint"));
}

/// Where each tensor will be; the data begins on a multiple of 8, so larger elements first keeps
/// all of them on a multiple of their size.
struct Placed {
  std::vector<StoredTensor> places;
  std::vector<torch::Tensor> tensors;
};

Placed place(const NamedTensors& tensors) {
  NamedTensors ordered = tensors;
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return a.second.element_size() > b.second.element_size();
  });
  Placed placed;
  std::uint64_t end = 0;
  for (const auto& [name, tensor] : ordered) {
    const std::uint64_t begin = end;
    end += tensor.nbytes();
    placed.places.push_back({.name = name,
                             .dtype = stored_dtype(name, tensor),
                             .shape = tensor.sizes().vec(),
                             .begin = begin,
                             .end = end});
    placed.tensors.push_back(tensor.detach());
  }
  return placed;
}

ByteSpan bytes_of(const torch::Tensor& contiguous) {
  return {static_cast<const std::uint8_t*>(contiguous.const_data_ptr()), contiguous.nbytes()};
}

void fill(const torch::Tensor& tensor, ByteSpan bytes) {
  if (bytes.empty()) return;
  const bool direct = tensor.is_cpu() && tensor.is_contiguous();
  // On the way to a GPU or into another layout, one tensor at a time is held twice.
  const torch::Tensor target =
      direct ? tensor : at::empty(tensor.sizes(), tensor.options().device(torch::kCPU));
  std::memcpy(target.mutable_data_ptr(), bytes.data(), bytes.size());
  if (!direct) tensor.detach().copy_(target);
}

void check_same(const fs::path& path, const StoredTensor& stored, const torch::Tensor& tensor) {
  const std::string dtype = stored_dtype(stored.name, tensor);
  if (stored.dtype != dtype)
    throw Error(Exit::file, text(path, ": tensor ", stored.name, ": expected dtype ", dtype,
                                 ", got ", stored.dtype));
  if (tensor.sizes() != c10::IntArrayRef(stored.shape))
    throw Error(Exit::file, text(path, ": tensor ", stored.name, ": expected shape ",
                                 tensor.sizes(), ", got ", c10::IntArrayRef(stored.shape)));
}

constexpr std::string_view step_prefix = "step-";
constexpr std::string_view extension = ".safetensors";
constexpr auto best_name = "best.safetensors";

std::string step_name(std::int64_t step) {
  std::string digits = std::to_string(step);
  digits.insert(0, digits.size() < 8 ? 8 - digits.size() : 0, '0');
  return text(step_prefix, digits, extension);
}

/// The step of a checkpoint's file name; nullopt for any other name.
std::optional<std::int64_t> step_of(const std::string& name) {
  std::int64_t step = -1;
  if (!name.starts_with(step_prefix)) return std::nullopt;
  const auto [end, failed] =
      std::from_chars(name.data() + step_prefix.size(), name.data() + name.size(), step);
  if (failed != std::errc() || step < 0 || name != step_name(step)) return std::nullopt;
  return step;
}

/// The folder's checkpoints, the latest first.
std::map<std::int64_t, fs::path, std::greater<>> checkpoints_in(const fs::path& folder) {
  std::map<std::int64_t, fs::path, std::greater<>> found;
  std::error_code failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failed))
    if (const auto step = step_of(entry.path().filename().string())) found[*step] = entry.path();
  if (failed)
    throw Error(Exit::file, text("cannot read the folder ", folder, ": ", failed.message()));
  return found;
}

/// A new name is on the disk only when its folder is; before that, nothing older may be deleted.
void flush_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);  // some network file systems refuse it: then there is nothing to wait for
  ::close(fd);
}

}  // namespace

void write_tensors(const fs::path& path, const NamedTensors& tensors, const Json& about) {
  const Placed placed = place(tensors);
  const Bytes header = safetensors_header(placed.places, about);
  stream_atomically(
      path,
      [&](const Sink& sink) {
        sink(header);
        for (const torch::Tensor& tensor : placed.tensors)
          sink(bytes_of(tensor.to(torch::kCPU).contiguous()));
      },
      Existing::replace);
}

Json read_tensors(const fs::path& path, const NamedTensors& tensors) {
  const c10::NoGradGuard no_grad;
  const MappedFile file(path);
  const StoredFile stored = parse_safetensors(file.bytes(), path);
  std::map<std::string_view, const StoredTensor*> by_name;
  for (const StoredTensor& tensor : stored.tensors) by_name[tensor.name] = &tensor;

  for (const auto& [name, tensor] : tensors) {
    const auto found = by_name.find(name);
    if (found == by_name.end())
      throw Error(Exit::file, text(path, ": tensor ", name, " is missing"));
    const StoredTensor& place = *found->second;
    check_same(path, place, tensor);
    const ByteSpan bytes = stored.data.subspan(place.begin, place.end - place.begin);
    fill(tensor, bytes);
    file.release(bytes);
  }
  return stored.about;
}

Json read_about(const fs::path& path) {
  const MappedFile file(path);
  return parse_safetensors(file.bytes(), path).about;
}

Checkpoints::Checkpoints(fs::path folder, std::int64_t keep)
    : folder_(std::move(folder)), keep_(std::max<std::int64_t>(keep, 1)) {
  std::error_code failed;
  fs::create_directories(folder_, failed);
  if (failed)
    throw Error(Exit::file, text("cannot make the folder ", folder_, ": ", failed.message()));
}

std::optional<fs::path> Checkpoints::latest() const {
  for (const auto& [step, path] : checkpoints_in(folder_)) {
    try {
      (void)read_about(path);
      return path;
    } catch (const Error& error) {
      log::warn(text("skipping a damaged checkpoint: ", error.what()));
    }
  }
  return std::nullopt;
}

fs::path Checkpoints::path_of(std::int64_t step) const {
  return folder_ / step_name(step);
}

fs::path Checkpoints::best() const {
  return folder_ / best_name;
}

void Checkpoints::save(std::int64_t step, const NamedTensors& tensors, const Json& about) const {
  remove_partial_files(folder_);  // a run that was killed while it wrote leaves gigabytes
  write_tensors(path_of(step), tensors, about);
  flush_folder(folder_);

  // Later ones than this are damaged, or the run would have gone on from there: they are no
  // reserve, and do not count.
  std::int64_t kept = 0;
  std::error_code ignored;
  for (const auto& [other, path] : checkpoints_in(folder_))
    if (other <= step && ++kept > keep_) fs::remove(path, ignored);
}

void Checkpoints::mark_best(std::int64_t step) const {
  const fs::path from = path_of(step);
  const fs::path best = this->best();
  const fs::path link = folder_ / ".ip2p-partial-best";
  std::error_code failed;
  fs::remove(link, failed);
  fs::create_hard_link(from, link, failed);
  if (failed) {  // not every file system has links
    const MappedFile file(from);
    write_atomically(best, file.bytes(), Existing::replace);
  } else {
    fs::rename(link, best, failed);
    std::error_code ignored;
    fs::remove(link, ignored);  // still there when it and `best` are the same file already
    if (failed) throw Error(Exit::file, text("cannot write ", best, ": ", failed.message()));
  }
  flush_folder(folder_);
}

}  // namespace ip2p
