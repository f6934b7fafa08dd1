// begun_writes.cpp - "SHA256 LINE" a record.
#include "begun_writes.h"

#include <optional>
#include <system_error>

#include "ip2p/base/error.h"

#include "lines.h"

namespace ip2p {
namespace {

constexpr std::size_t sha256_digits = 64;
constexpr std::uint64_t tidy_bytes = std::uint64_t{256} << 10U;

}  // namespace

std::vector<BegunWrite> begun_writes_in(const fs::path& path) {
  std::vector<BegunWrite> writes;
  for_each_line(path, [&](const Line& record) {
    if (record.text.size() <= sha256_digits || record.text[sha256_digits] != ' ') return;
    const std::string_view line = record.text.substr(sha256_digits + 1);
    if (const std::optional<ResultLine> result = parse_result_line(line))
      writes.push_back({.sha256 = std::string(record.text.substr(0, sha256_digits)),
                        .line = std::string(line) + '\n',
                        .result = *result});
  });
  return writes;
}

bool is_written(const fs::path& folder, const BegunWrite& write) {
  const fs::path output = folder / write.result.output;
  std::error_code ignored;
  try {
    return fs::is_regular_file(output, ignored) && sha256_of_file(output) == write.sha256;
  } catch (const Error&) {
    return false;  // a run that needs it says what is wrong with it
  }
}

BegunWrites::BegunWrites(const fs::path& path) : path_(path) {
  file_.emplace(path_, 0);
}

void BegunWrites::begin(const std::string& output, const std::string& line,
                        const std::string& sha256) {
  const std::string record = sha256 + ' ' + line;
  if (!file_ || file_->size() > tidy_bytes + 2 * under_way_bytes_) tidy();
  file_->append(record);
  end(output);  // an earlier try of the same
  under_way_[output] = record;
  under_way_bytes_ += record.size();
}

void BegunWrites::end(const std::string& output) {
  const auto found = under_way_.find(output);
  if (found == under_way_.end()) return;
  under_way_bytes_ -= found->second.size();
  under_way_.erase(found);
}

void BegunWrites::tidy() {
  if (file_ && under_way_.empty()) {
    if (file_->size() > 0) file_->clear();
    return;
  }
  std::string records;
  for (const auto& [output, record] : under_way_) records += record;
  const auto* start = reinterpret_cast<const std::uint8_t*>(records.data());
  write_atomically(path_, {start, records.size()}, Existing::replace);
  file_.reset();  // it is not that file any more, also when the new one cannot be opened
  file_.emplace(path_, records.size());
}

}  // namespace ip2p
