// known_results.cpp - a sorted row, and a small table of what is not in it yet.
#include "known_results.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <vector>

namespace ip2p {
namespace {

/// The table is merged into the row when it has grown to this part of it: both the memory it takes
/// and the time that merging takes stay small.
constexpr std::size_t recent_part = 16;
constexpr std::size_t fewest_recent = 4096;

constexpr std::int64_t last_time_ms = (std::int64_t{1} << 42U) - 1;
constexpr std::uint64_t last_file = (std::uint64_t{1} << 20U) - 1;

KnownResult known_result(const ResultLine& line, std::uint64_t file) {
  KnownResult known;
  known.output_hash = output_hash(line.output);
  known.fingerprint = line.fingerprint;
  known.time_ms =
      static_cast<std::uint64_t>(std::clamp<std::int64_t>(line.time_ms, 0, last_time_ms)) &
      last_time_ms;
  known.file = std::min(file, last_file) & last_file;
  known.is_done = line.status == Status::done ? 1 : 0;
  known.is_made = line.status == Status::failed ? 0 : 1;
  return known;
}

bool by_output(const KnownResult& a, const KnownResult& b) {
  return a.output_hash < b.output_hash;
}

auto order(const KnownResult& known) {
  return std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>(
      known.output_hash, known.time_ms, known.is_done, known.file, known.fingerprint);
}

}  // namespace

Known known_of(const std::optional<KnownResult>& said, std::uint64_t fingerprint) {
  if (!said || request_of(said->fingerprint) != request_of(fingerprint)) return Known::nothing;
  return said->is_done != 0 ? Known::done : Known::failed;
}

std::optional<EarlierOutput> made_of(const std::optional<KnownResult>& said,
                                     std::uint64_t fingerprint) {
  if (!said || said->is_made == 0) return std::nullopt;
  return EarlierOutput{.of_this_input = input_of(said->fingerprint) == input_of(fingerprint),
                       .time_ms = static_cast<std::int64_t>(said->time_ms)};
}

void KnownResults::add(const ResultLine& line, std::uint64_t file) {
  sorted_.push_back(known_result(line, file));
}

void KnownResults::settle() {
  std::sort(sorted_.begin(), sorted_.end(),
            [](const KnownResult& a, const KnownResult& b) { return order(a) < order(b); });
  std::vector<std::uint64_t> files;  // of one output
  auto kept = sorted_.begin();
  for (auto line = sorted_.begin(); line != sorted_.end();) {
    KnownResult last = *line;
    std::uint64_t is_made = last.is_made;
    files.assign(1, last.file);
    for (++line; line != sorted_.end() && line->output_hash == last.output_hash; ++line) {
      if (std::find(files.begin(), files.end(), line->file) != files.end())
        ++superseded_[line->file];
      else
        files.push_back(line->file);
      const bool leaves_it = last.is_done != 0 && line->is_done == 0 && line->file != last.file &&
                             line->fingerprint == last.fingerprint;
      if (!leaves_it) last = *line;
      is_made |= line->is_made;
    }
    last.is_made = is_made & 1U;
    *kept++ = last;
  }
  sorted_.erase(kept, sorted_.end());
}

bool KnownResults::put(const ResultLine& line, std::uint64_t file) {
  const KnownResult known = known_result(line, file);
  const auto found = place(known.output_hash);
  if (found != sorted_.end()) {
    *found = known;
    return true;
  }
  const bool is_new = recent_.insert_or_assign(known.output_hash, known).second;
  if (recent_.size() > std::max(fewest_recent, sorted_.size() / recent_part)) merge_recent();
  return !is_new;
}

std::optional<KnownResult> KnownResults::find(std::uint64_t output_hash) const {
  KnownResult wanted;
  wanted.output_hash = output_hash;
  const auto found = std::lower_bound(sorted_.begin(), sorted_.end(), wanted, by_output);
  if (found != sorted_.end() && found->output_hash == output_hash) return *found;
  const auto recent = recent_.find(output_hash);
  return recent != recent_.end() ? std::optional(recent->second) : std::nullopt;
}

std::uint64_t KnownResults::superseded_in(std::uint64_t file) const {
  const auto found = superseded_.find(std::min(file, last_file));
  return found != superseded_.end() ? found->second : 0;
}

void KnownResults::clear() {
  *this = KnownResults();
}

std::deque<KnownResult>::iterator KnownResults::place(std::uint64_t output_hash) {
  KnownResult wanted;
  wanted.output_hash = output_hash;
  const auto found = std::lower_bound(sorted_.begin(), sorted_.end(), wanted, by_output);
  return found != sorted_.end() && found->output_hash == output_hash ? found : sorted_.end();
}

void KnownResults::merge_recent() {
  std::vector<KnownResult> recent;
  recent.reserve(recent_.size());
  for (const auto& [hash, known] : recent_) recent.push_back(known);
  std::sort(recent.begin(), recent.end(), by_output);
  recent_ = {};

  // From the back, into room made there: std::inplace_merge would take a buffer as long as the row.
  auto from = sorted_.size();
  sorted_.resize(sorted_.size() + recent.size());
  auto to = sorted_.size();
  while (!recent.empty()) {
    if (from > 0 && by_output(recent.back(), sorted_[from - 1])) {
      sorted_[--to] = sorted_[--from];
    } else {
      sorted_[--to] = recent.back();
      recent.pop_back();
    }
  }
}

}  // namespace ip2p
