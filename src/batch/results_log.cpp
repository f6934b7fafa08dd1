// results_log.cpp - what was begun is settled when a log is opened, what is superseded when it is
// closed.
#include "ip2p/batch/results_log.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <deque>
#include <mutex>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "ip2p/base/descriptor.h"
#include "ip2p/base/error.h"
#include "ip2p/base/log.h"

#include "append_file.h"
#include "begun_writes.h"
#include "known_results.h"
#include "lines.h"
#include "result_line.h"
#include "results_files.h"
#include "run_lock.h"

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t own_file = 0;

/// Time that never stands still or goes back, whatever the clock does: lines of an output are told
/// apart by it.
class Stamps {
 public:
  void start_after(std::int64_t time_ms) { last_ms_ = std::max(last_ms_.load(), time_ms); }

  std::int64_t next() {
    using namespace std::chrono;
    const std::int64_t now =
        duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    std::int64_t last = last_ms_.load();
    while (!last_ms_.compare_exchange_weak(last, std::max(now, last + 1))) {
    }
    return std::max(now, last + 1);
  }

 private:
  std::atomic<std::int64_t> last_ms_ = 0;
};

/// Where lines of a file are that a later line of it supersedes, in order.
std::vector<std::uint64_t> superseded_lines(const fs::path& path) {
  struct Place {
    std::uint64_t output_hash;
    std::int64_t time_ms;
    std::uint64_t offset;
  };
  std::deque<Place> places;
  for_each_line(path, [&](const Line& line) {
    if (const auto result = parse_result_line(line.text))
      places.push_back({output_hash(result->output), result->time_ms, line.offset});
  });
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::tie(a.output_hash, a.time_ms, a.offset) <
           std::tie(b.output_hash, b.time_ms, b.offset);
  });
  std::vector<std::uint64_t> offsets;
  for (std::size_t i = 0; i + 1 < places.size(); ++i)
    if (places[i].output_hash == places[i + 1].output_hash) offsets.push_back(places[i].offset);
  std::sort(offsets.begin(), offsets.end());
  return offsets;
}

/// Writes the file again without the lines at these places.
void drop_lines(const fs::path& path, const std::vector<std::uint64_t>& offsets) {
  constexpr std::size_t chunk_bytes = std::size_t{1} << 20;
  const auto copy = [&](const Sink& sink) {
    std::string chunk;
    const auto hand_over = [&] {
      sink({reinterpret_cast<const std::uint8_t*>(chunk.data()), chunk.size()});
      chunk.clear();
    };
    auto next = offsets.begin();
    for_each_line(path, [&](const Line& line) {
      if (next != offsets.end() && *next == line.offset) {
        ++next;
        return;
      }
      chunk.append(line.text).push_back('\n');
      if (chunk.size() >= chunk_bytes) hand_over();
    });
    hand_over();
  };
  stream_atomically(path, copy, Existing::replace);
}

}  // namespace

struct ResultsLog::Parts {
  Parts(const fs::path& output_folder, const Shard& shard)
      : folder(output_folder),
        path(folder / shard_file_name(results_prefix, shard)),
        lock(folder, shard),
        begun_path(hidden_folder(folder) / shard_file_name(begun_prefix, shard)),
        finished_path(unfinished(hidden_folder(folder) / shard_file_name(finished_prefix, shard))),
        log(path, read_results()),
        begun(settle_begun(shard)) {}

  /// From now on, until it is said again.
  static fs::path unfinished(fs::path mark) {
    std::error_code not_there;
    fs::remove(mark, not_there);
    return mark;
  }

  /// Reads every results file into `known` and returns the bytes of the own one's whole lines.
  std::uint64_t read_results() {
    std::uint64_t own_bytes = 0;
    std::uint64_t file = own_file;
    for (const ShardFile& results : shard_files(folder, results_prefix)) {
      const bool is_own = results.path.filename() == path.filename();
      const std::uint64_t number = is_own ? own_file : ++file;
      const std::uint64_t bytes = for_each_line(results.path, [&](const Line& line) {
        const auto result = parse_result_line(line.text);
        if (!result) throw_no_result(results.path, line.number);
        known.add(*result, number);
        stamps.start_after(result->time_ms);
      });
      if (is_own) own_bytes = bytes;
    }
    known.settle();
    may_be_superseded = known.superseded_in(own_file) > 0;
    return own_bytes;
  }

  /// Logs what was moved into place by a process that was killed before it could log it. Returns
  /// the path of the file for what this run begins.
  const fs::path& settle_begun(const Shard& shard) {
    remove_partial_files(folder);
    remove_partial_files(hidden_folder(folder));
    for (const ShardFile& file : shard_files(hidden_folder(folder), begun_prefix)) {
      const bool is_own = file.path.filename() == begun_path.filename();
      // Other shards of the same count may be at work; none of their outputs is ours.
      if (!is_own && file.shard.count == shard.count) continue;
      for (const BegunWrite& write : begun_writes_in(file.path)) {
        stamps.start_after(write.result.time_ms);
        // What was being written then is beside where it was to be.
        remove_partial_files((folder / write.result.output).parent_path());
        if (is_settled(write) || !is_written(folder, write)) continue;
        // What is another run's is known, and stays for that run, or for merging, to log.
        if (is_own) log.append(write.line);
        may_be_superseded |= known.put(write.result, own_file);
      }
    }
    return begun_path;
  }

  /// Whether a line says already what became of a write.
  [[nodiscard]] bool is_settled(const BegunWrite& write) const {
    const auto said = known.find(output_hash(write.result.output));
    if (!said) return false;
    return std::cmp_greater_equal(said->time_ms, write.result.time_ms) ||
           (said->is_done != 0 && said->fingerprint == write.result.fingerprint);
  }

  [[nodiscard]] bool has_made(const std::string& output) {
    const std::scoped_lock guard(mutex);
    const auto said = known.find(output_hash(output));
    return said && said->is_made != 0;
  }

  void append(std::uint64_t fingerprint, const Json& result, Status status) {
    const std::string line = result_line(result, fingerprint, status, stamps.next());
    const auto parsed = parse_result_line(std::string_view(line).substr(0, line.size() - 1));
    const std::scoped_lock guard(mutex);
    log.append(line);
    may_be_superseded |= known.put(parsed.value(), own_file);
    begun.end(parsed->output);
  }

  fs::path folder;
  fs::path path;
  RunLock lock;
  fs::path begun_path;
  fs::path finished_path;
  Stamps stamps;
  KnownResults known;
  bool may_be_superseded = false;
  AppendFile log;
  BegunWrites begun;
  std::mutex mutex;
};

ResultsLog::ResultsLog(const fs::path& folder, const Shard& shard)
    : parts_(std::make_unique<Parts>(folder, shard)) {}
ResultsLog::ResultsLog(ResultsLog&&) noexcept = default;
ResultsLog& ResultsLog::operator=(ResultsLog&&) noexcept = default;
ResultsLog::~ResultsLog() = default;

Known ResultsLog::known(const std::string& output, std::uint64_t fingerprint) const {
  const std::uint64_t hash = output_hash(output);
  const std::scoped_lock guard(parts_->mutex);
  return known_of(parts_->known.find(hash), fingerprint);
}

void ResultsLog::begin_write(std::uint64_t fingerprint, const Json& result,
                             const std::string& bytes_sha256) {
  const std::string line = result_line(result, fingerprint, Status::done, parts_->stamps.next());
  const auto output = result.at("output").get<std::string>();
  const std::scoped_lock guard(parts_->mutex);
  parts_->begun.begin(output, line, bytes_sha256);
}

void ResultsLog::done(std::uint64_t fingerprint, const Json& result) {
  parts_->append(fingerprint, result, Status::done);
}

void ResultsLog::failed(std::uint64_t fingerprint, const Json& result) {
  const bool is_kept = parts_->has_made(result.at("output").get<std::string>());
  parts_->append(fingerprint, result, is_kept ? Status::failed_kept : Status::failed);
}

std::optional<EarlierOutput> ResultsLog::made(const std::string& output,
                                              std::uint64_t fingerprint) const {
  const std::scoped_lock guard(parts_->mutex);
  return made_of(parts_->known.find(output_hash(output)), fingerprint);
}

void ResultsLog::flush() {
  parts_->log.sync();
  // A file that was made is lost with its folder's entry.
  const Descriptor folder(::open(parts_->folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0)
    throw Error(Exit::file, text("cannot write to the folder ", parts_->folder, ": ",
                                 std::generic_category().message(errno)));
}

void ResultsLog::finished(std::uint64_t items) {
  const std::string words = Json{{"items", items}}.dump() + "\n";
  write_atomically(parts_->finished_path,
                   {reinterpret_cast<const std::uint8_t*>(words.data()), words.size()},
                   Existing::replace);
}

void ResultsLog::close() {
  if (!parts_) return;
  const std::unique_ptr<Parts> parts = std::move(parts_);
  parts->begun.tidy();
  parts->log.sync();
  if (!parts->may_be_superseded) return;
  parts->known.clear();  // makes room for the places of the lines
  try {
    const std::vector<std::uint64_t> offsets = superseded_lines(parts->path);
    if (!offsets.empty()) drop_lines(parts->path, offsets);
  } catch (const Error& error) {
    // The log is as true with them; the next run tries again.
    log::warn(text("superseded results stay in ", parts->path, ": ", error.what()));
  }
}

}  // namespace ip2p
