// picture_comparison.cpp - read, measure, judge.
#include "ip2p/regress/picture_comparison.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <system_error>
#include <thread>

#include "ip2p/base/error.h"
#include "ip2p/base/folders.h"
#include "ip2p/compare/difference_picture.h"
#include "ip2p/image/folder_walk.h"
#include "ip2p/image/write.h"

namespace ip2p {
namespace {

bool same_enough(const ComparedPicture& compared) {
  if (compared.judged.empty()) return compared.metrics->pixels.worst.value == 0;
  return std::ranges::all_of(compared.judged, &Judged::holds);
}

void write_difference(const fs::path& path, const Image& reference, const Image& picture,
                      bool overwrite) {
  const Image difference = difference_picture(reference, picture);
  write_atomically(path, encode_image(difference, {.format = format_of(path)}),
                   overwrite ? Existing::replace : Existing::keep);
}

/// `diff`: where the differences go; nullopt for none.
ComparedPicture compare_images(const Image& reference, const Image& picture,
                               const ComparisonRules& rules, const std::optional<fs::path>& diff) {
  ComparedPicture compared;
  compared.reason = mismatch(reference, picture);
  if (!compared.reason.empty()) {
    compared.outcome = Comparison::differs;
    return compared;
  }
  const MetricChoice for_limits = needed(rules.limits);
  compared.metrics = measure(reference, picture,
                             {.ssim = for_limits.ssim || rules.measured.ssim,
                              .flip = for_limits.flip || rules.measured.flip,
                              .clip_image = for_limits.clip_image || rules.measured.clip_image},
                             {}, {.features = rules.features});
  compared.judged = judge(*compared.metrics, rules.limits);
  if (!same_enough(compared)) compared.outcome = Comparison::differs;
  if (diff && compared.metrics->pixels.worst.value > 0)
    write_difference(*diff, reference, picture, rules.overwrite);
  return compared;
}

constexpr int in_reference = 1;
constexpr int in_other = 2;

/// The folders in a folder that are not hidden, links to some among them. What cannot be looked at
/// might be one: Error{file}.
std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (entry->path().filename().string().starts_with('.')) continue;
    std::error_code unknown;
    const fs::file_status status = entry->status(unknown);
    if (status.type() == fs::file_type::none || status.type() == fs::file_type::unknown)
      throw Error(Exit::file, text("cannot look at ", entry->path(), ": ", unknown.message()));
    if (fs::is_directory(status)) found.push_back(entry->path());
  }
  if (failed) throw Error(Exit::file, text("cannot list ", folder, ": ", failed.message()));
  return found;
}

/// Names of the pictures below a folder, each with whether it is in the reference or the other.
class Names {
 public:
  explicit Names(std::map<std::string, int>& names, int where) : names_(names), where_(where) {}

  /// `prefix`: of the names, "" or ending with a slash. Links to folders are followed, for what
  /// lies behind them is compared too, but for one that leads back up.
  void add(const fs::path& folder, const std::string& prefix) {
    std::error_code failed;
    const fs::path real = fs::canonical(folder, failed);
    if (failed) throw Error(Exit::file, text("cannot list ", folder, ": ", failed.message()));
    if (std::ranges::find(above_, real) != above_.end()) return;
    above_.push_back(real);
    FolderWalk walk(folder, {}, {});
    while (const std::optional<FoundFile> found = walk.next()) names_[prefix + found->id] |= where_;
    for (const fs::path& below : folders_in(folder))
      add(below, prefix + below.filename().string() + "/");
    above_.pop_back();
  }

 private:
  std::map<std::string, int>& names_;
  int where_;
  std::vector<fs::path> above_;  ///< the folders that it is in now
};

void add_names(const fs::path& folder, int where, std::map<std::string, int>& names) {
  std::error_code unknown;
  if (!fs::is_directory(folder, unknown))
    throw Error(Exit::file, text(folder, " is no folder; compare two files or two folders"));
  Names(names, where).add(folder, "");
}

ComparedPicture compare_named(const std::string& name, int where, const fs::path& reference,
                              const fs::path& other, const ComparisonRules& rules) {
  ComparedPicture compared;
  compared.name = name;
  if (where != (in_reference | in_other)) {
    compared.outcome = where == in_reference ? Comparison::missing : Comparison::added;
    compared.reason = text("is not in ", where == in_reference ? other : reference);
    return compared;
  }
  Image first;
  Image second;
  try {
    first = read_image(reference / name, rules.reading);
    second = read_image(other / name, rules.reading);
  } catch (const Error& error) {
    compared.outcome = Comparison::unreadable;
    compared.reason = error.what();
    return compared;
  }
  std::optional<fs::path> diff;
  if (rules.diff) {
    diff = *rules.diff / (name + ".diff.png");
    make_folder(diff->parent_path());
  }
  compared = compare_images(first, second, rules, diff);
  compared.name = name;
  return compared;
}

}  // namespace

ComparedPicture compare_files(const fs::path& reference, const fs::path& other,
                              const ComparisonRules& rules) {
  auto second = std::async(std::launch::async, [&] { return read_image(other, rules.reading); });
  const Image first = read_image(reference, rules.reading);
  ComparedPicture compared = compare_images(first, second.get(), rules, rules.diff);
  compared.name = other.string();
  return compared;
}

void compare_folders(const fs::path& reference, const fs::path& other, const ComparisonRules& rules,
                     const std::function<void(const ComparedPicture&)>& observe) {
  std::map<std::string, int> names;
  add_names(reference, in_reference, names);
  add_names(other, in_other, names);
  const std::size_t together = std::max(1U, std::thread::hardware_concurrency());
  std::deque<std::future<ComparedPicture>> running;
  const auto finish_first = [&] {
    const ComparedPicture compared = running.front().get();
    running.pop_front();
    observe(compared);
  };
  for (const auto& [name, where] : names) {
    if (running.size() == together) finish_first();
    running.push_back(std::async(std::launch::async, compare_named, std::cref(name), where,
                                 std::cref(reference), std::cref(other), std::cref(rules)));
  }
  while (!running.empty()) finish_first();
}

}  // namespace ip2p
