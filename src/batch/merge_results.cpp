// merge_results.cpp - lines stay where they are, in mapped files; what is sorted points to them.
#include <algorithm>
#include <deque>
#include <memory>
#include <string_view>
#include <system_error>
#include <tuple>
#include <vector>

#include "ip2p/base/error.h"
#include "ip2p/base/mapped_file.h"
#include "ip2p/batch/empty_file.h"
#include "ip2p/batch/results_log.h"

#include "begun_writes.h"
#include "known_results.h"
#include "result_line.h"
#include "results_files.h"
#include "run_lock.h"

namespace ip2p {
namespace {

/// A line and the output that it is about.
struct Said {
  std::string_view output;
  std::string_view line;  ///< with its newline
  std::int64_t time_ms;
  std::uint64_t request;
  std::size_t file;
  Status status;
};

/// What all files say, until the last word on each output is left.
class Sayings {
 public:
  explicit Sayings(const fs::path& folder) : folder_(folder) {}

  void add_results(const fs::path& path) {
    files_.push_back(std::make_unique<MappedFile>(path));
    const ByteSpan bytes = files_.back()->bytes();
    std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    // What follows the last newline is a line that was not finished.
    for (std::uint64_t number = 1;; ++number) {
      const std::size_t end = rest.find('\n');
      if (end == std::string_view::npos) return;
      const auto result = parse_result_line(rest.substr(0, end));
      if (!result) throw_no_result(path, number);
      add(rest.substr(0, end + 1), *result, files_.size());
      rest.remove_prefix(end + 1);
    }
  }

  /// What was moved into place by processes that were killed before they could log it.
  void add_begun(const fs::path& path) {
    for (const BegunWrite& write : begun_writes_in(path))
      if (is_written(folder_, write))
        add(kept_texts_.emplace_back(write.line), write.result, files_.size() + 1);
  }

  /// One an output, in the order of the outputs.
  const std::deque<Said>& last_words() {
    const auto order = [](const Said& said) {
      return std::tuple(said.output, said.time_ms, said.status == Status::done, said.file);
    };
    std::sort(said_.begin(), said_.end(),
              [&](const Said& a, const Said& b) { return order(a) < order(b); });
    auto kept = said_.begin();
    for (auto said = said_.begin(); said != said_.end();) {
      Said last = *said;
      while (++said != said_.end() && said->output == last.output)
        if (!leaves(*said, last)) last = *said;
      *kept++ = last;
    }
    said_.erase(kept, said_.end());
    return said_;
  }

 private:
  /// A failure leaves the output that another file says the same request has made.
  static bool leaves(const Said& later, const Said& earlier) {
    return earlier.status == Status::done && later.status != Status::done &&
           later.file != earlier.file && later.request == earlier.request;
  }

  void add(std::string_view line, const ResultLine& result, std::size_t file) {
    // The line itself holds the name nearly always; escaped names are few.
    const std::size_t place = line.find(result.output);
    const std::string_view output = place != std::string_view::npos
                                        ? line.substr(place, result.output.size())
                                        : kept_texts_.emplace_back(result.output);
    said_.push_back({.output = output,
                     .line = line,
                     .time_ms = result.time_ms,
                     .request = request_of(result.fingerprint),
                     .file = file,
                     .status = result.status});
  }

  const fs::path& folder_;
  std::vector<std::unique_ptr<MappedFile>> files_;
  std::deque<std::string> kept_texts_;
  std::deque<Said> said_;
};

/// How many shards the latest sharded run has, and which of them came to their end.
void count_shards(const fs::path& folder, MergedResults& merged) {
  std::error_code ignored;
  fs::file_time_type latest = fs::file_time_type::min();
  for (const ShardFile& file : shard_files(folder, results_prefix)) {
    const fs::file_time_type time = fs::last_write_time(file.path, ignored);
    if (file.shard.count == 1 || time < latest) continue;
    latest = time;
    merged.of_shards = file.shard.count;
  }
  for (std::uint64_t index = 1; index <= merged.of_shards; ++index) {
    const Shard shard{.index = index, .count = merged.of_shards};
    const bool has_results = fs::exists(folder / shard_file_name(results_prefix, shard), ignored);
    const fs::path mark = hidden_folder(folder) / shard_file_name(finished_prefix, shard);
    if (has_results && fs::exists(mark, ignored))
      ++merged.shards;
    else if (merged.unfinished_shards.size() < MergedResults::most_named)
      merged.unfinished_shards.push_back(index);
  }
}

void write_lines(const fs::path& path, const std::deque<Said>& lines) {
  constexpr std::size_t chunk_bytes = std::size_t{1} << 20;
  const auto write = [&](const Sink& sink) {
    std::string chunk;
    const auto hand_over = [&] {
      sink({reinterpret_cast<const std::uint8_t*>(chunk.data()), chunk.size()});
      chunk.clear();
    };
    for (const Said& said : lines) {
      chunk += said.line;
      if (chunk.size() >= chunk_bytes) hand_over();
    }
    hand_over();
  };
  stream_atomically(path, write, Existing::replace);
}

}  // namespace

MergedResults merge_results(const fs::path& folder) {
  const auto none = [&] {
    return Error(Exit::file, text("there are no results to merge in ", folder,
                                  ": expected results-I-of-N.jsonl or results.jsonl"));
  };
  if (shard_files(folder, results_prefix).empty()) throw none();  // and makes nothing there
  const RunLock lock(folder, Shard{});

  MergedResults merged;
  Sayings sayings(folder);
  for (const ShardFile& file : shard_files(folder, results_prefix)) sayings.add_results(file.path);
  for (const ShardFile& file : shard_files(hidden_folder(folder), begun_prefix))
    sayings.add_begun(file.path);

  const std::deque<Said>& lines = sayings.last_words();
  for (const Said& said : lines) {
    std::error_code ignored;
    ++merged.results;
    if (said.status != Status::done)
      ++merged.failed;
    else if ((!fs::exists(folder / said.output, ignored) || is_empty_file(folder / said.output)) &&
             ++merged.missing <= MergedResults::most_named)
      merged.missing_outputs.emplace_back(said.output);
  }
  count_shards(folder, merged);
  write_lines(folder / shard_file_name(results_prefix, Shard{}), lines);
  return merged;
}

}  // namespace ip2p
