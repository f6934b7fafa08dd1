// job_list.cpp - job lists of JSON lines or CSV, and jobs on standard input, a line at a time.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

#include "ip2p/base/error.h"
#include "ip2p/base/json_text.h"
#include "ip2p/batch/item_source.h"

#include "csv.h"
#include "job.h"

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view words) {
  const std::size_t begin = words.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return words.substr(begin, words.find_last_not_of(blanks) - begin + 1);
}

/// What `call` gives; an Error{usage} of it says first where it came from.
template <class Call>
auto at_line(const std::string& name, std::uint64_t line, Call call) {
  try {
    return call();
  } catch (const Error& error) {
    if (error.exit() != Exit::usage) throw;
    throw Error(Exit::usage, text(name, " line ", line, ": ", error.what()));
  }
}

Json job_of_line(std::string_view line) {
  try {
    return parse_json<Json>(line);
  } catch (const std::exception& error) {
    throw Error(Exit::usage, text("not valid JSON (", error.what(), "); correct it"));
  }
}

/// A job list of either kind.
class JobList : public ItemSource {
 public:
  JobList(const fs::path& path, ItemRules rules)
      : name_(text(path)), folder_(path.parent_path()), rules_(std::move(rules)) {}

  std::optional<BatchItem> next() override {
    for (;;) {
      if (auto item = series_.next()) return item;
      if (!open_next()) return std::nullopt;
    }
  }

 protected:
  /// The next job; false at the end. Its errors say the place.
  virtual bool read(Json& job, std::uint64_t& line) = 0;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  bool open_next() {
    Json job;
    std::uint64_t line = 0;
    if (!read(job, line)) return false;
    series_ = at_line(name_, line, [&] { return items_of_job(job, folder_, line, rules_); });
    return true;
  }

  std::string name_;
  fs::path folder_;
  ItemRules rules_;
  ItemSeries series_;
};

class JsonLines : public JobList {
 public:
  JsonLines(const fs::path& path, ItemRules rules)
      : JobList(path, std::move(rules)), source_(path) {}

 private:
  bool read(Json& job, std::uint64_t& line) override {
    do {
      if (!read_line()) return false;
    } while (trimmed(words_).empty());
    line = line_;
    job = at_line(name(), line_, [this] { return job_of_line(words_); });
    return true;
  }

  bool read_line() {
    if (source_.peek() == TextSource::end) return false;
    words_.clear();
    ++line_;
    for (int byte = source_.get(); byte != '\n' && byte != TextSource::end; byte = source_.get()) {
      if (words_.size() == longest_line_bytes)
        throw Error(Exit::usage, text(name(), " line ", line_, ": it has more than ",
                                      longest_line_bytes, " bytes; expected one job a line"));
      words_ += static_cast<char>(byte);
    }
    return true;
  }

  TextSource source_;
  std::string words_;
  std::uint64_t line_ = 0;
};

template <class Number>
bool reads_as(std::string_view cell, Number& number) {
  const auto [end, failed] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  return failed == std::errc() && end == cell.data() + cell.size();
}

/// What is no number stays text, for the sentence that refuses it.
Json number_in(std::string_view cell) {
  cell = trimmed(cell);
  if (std::uint64_t number = 0; reads_as(cell, number)) return number;
  if (std::int64_t number = 0; reads_as(cell, number)) return number;
  if (double number = 0; reads_as(cell, number)) return number;
  return std::string(cell);
}

class Csv : public JobList {
 public:
  Csv(const fs::path& path, ItemRules rules) : JobList(path, std::move(rules)), reader_(path) {
    if (!next_record())
      throw Error(Exit::usage,
                  text(name(), " is empty: expected a first line that names the columns"));
    at_line(name(), reader_.line(), [this] { set_columns(); });
  }

 private:
  bool next_record() {
    try {
      return reader_.next(cells_);
    } catch (const Error& error) {
      if (error.exit() != Exit::usage) throw;
      throw Error(Exit::usage, text(name(), " line ", reader_.line(), ": ", error.what()));
    }
  }

  void set_columns() {
    for (const std::string& cell : cells_) {
      if (cell.find(';') != std::string::npos)
        throw Error(Exit::usage, text("\"", cell,
                                      "\": expected columns between commas, got "
                                      "semicolons; store the table with commas"));
      const JobKey& key = check_job_key(trimmed(cell));
      if (std::ranges::find(columns_, key.name, &JobKey::name) != columns_.end())
        throw Error(Exit::usage, text("two columns are called ", key.name, "; remove one"));
      columns_.push_back(key);
    }
    if (std::ranges::find(columns_, "input", &JobKey::name) == columns_.end())
      throw Error(Exit::usage, "no column is called input; expected the columns' names here");
  }

  [[nodiscard]] Json job_of_cells() const {
    if (cells_.size() != columns_.size())
      throw Error(Exit::usage,
                  text("expected ", columns_.size(), " cells, as many as the first line has, got ",
                       cells_.size(), "; put cells with commas in quotes"));
    auto job = Json::object();
    for (std::size_t i = 0; i < cells_.size(); ++i)
      if (!cells_[i].empty())
        job[std::string(columns_[i].name)] =
            columns_[i].is_number ? number_in(cells_[i]) : Json(cells_[i]);
    return job;
  }

  bool read(Json& job, std::uint64_t& line) override {
    if (!next_record()) return false;
    line = reader_.line();
    job = at_line(name(), line, [this] { return job_of_cells(); });
    return true;
  }

  CsvReader reader_;
  std::vector<std::string> cells_;
  std::vector<JobKey> columns_;
};

}  // namespace

std::unique_ptr<ItemSource> items_from_job_list(const fs::path& path, const ItemRules& rules) {
  check_rules(rules);
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  if (extension == ".jsonl") return std::make_unique<JsonLines>(path, rules);
  if (extension == ".csv") return std::make_unique<Csv>(path, rules);
  throw Error(Exit::usage, text("the job list ", path,
                                " is of no known kind: expected a name that ends with .jsonl or "
                                ".csv"));
}

std::vector<BatchItem> items_from_line(const std::string& line, std::uint64_t number,
                                       const ItemRules& rules) {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  std::string_view rest = line;
  if (number == 1 && rest.starts_with(mark)) rest.remove_prefix(mark.size());
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  if (trimmed(rest).empty()) return {};

  check_rules(rules);
  return at_line("stdin", number, [&] {
    ItemSeries series = trimmed(rest).starts_with('{')
                            ? items_of_job(job_of_line(rest), {}, number, rules)
                            : items_of_path(std::string(rest), {}, number, rules);
    std::vector<BatchItem> items;
    while (auto item = series.next()) items.push_back(std::move(*item));
    return items;
  });
}

}  // namespace ip2p
