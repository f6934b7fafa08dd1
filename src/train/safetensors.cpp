// safetensors.cpp - the header in and out. Files come from anywhere, so nothing in one is believed.
#include "ip2p/train/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <set>
#include <string_view>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

using Json = nlohmann::json;

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::uint64_t length_bytes = 8;
constexpr std::uint64_t largest_header_bytes = 100'000'000;  // the reference implementation's
constexpr auto metadata_key = "__metadata__";
constexpr auto about_key = "ip2p";

struct Dtype {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::array all_dtypes{Dtype{"F64", 8}, Dtype{"F32", 4}, Dtype{"F16", 2}, Dtype{"BF16", 2},
                                Dtype{"I64", 8}, Dtype{"I32", 4}, Dtype{"I16", 2}, Dtype{"I8", 1},
                                Dtype{"U64", 8}, Dtype{"U32", 4}, Dtype{"U16", 2}, Dtype{"U8", 1},
                                Dtype{"BOOL", 1}};

/// Says what is wrong with one file.
class Parser {
 public:
  Parser(ByteSpan file, const fs::path& path) : file_(file), path_(path) {}

  StoredFile parse() {
    const Json header = read_header();
    StoredFile stored;
    stored.data = file_.subspan(header_end_);
    for (const auto& [name, entry] : header.items()) {
      if (name == metadata_key)
        stored.about = about_in(entry);
      else
        stored.tensors.push_back(tensor_in(name, entry));
    }
    check_places(stored);
    return stored;
  }

 private:
  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... why) const {
    throw Error(Exit::file, text(path_, ": ", why...));
  }

  Json read_header() {
    if (file_.size() < length_bytes)
      refuse("not a .safetensors file: expected at least 8 bytes, got ", file_.size());
    std::uint64_t length = 0;
    std::memcpy(&length, file_.data(), length_bytes);
    if (length > largest_header_bytes)
      refuse("not a .safetensors file: its first 8 bytes promise a header of ", length,
             " bytes, and at most ", largest_header_bytes, " are allowed");
    if (length > file_.size() - length_bytes)
      refuse("cut short: the header alone is ", length, " bytes long, and ",
             file_.size() - length_bytes, " are there");
    header_end_ = length_bytes + length;
    const ByteSpan bytes = file_.subspan(length_bytes, length);

    // A name given twice would hide one of the two.
    std::vector<std::set<std::string>> names;
    std::optional<std::string> twice;
    const auto watch = [&](int /*depth*/, Json::parse_event_t event, const Json& parsed) {
      if (event == Json::parse_event_t::object_start) names.emplace_back();
      if (event == Json::parse_event_t::object_end) names.pop_back();
      if (event == Json::parse_event_t::key) {
        const auto [place, is_new] = names.back().insert(parsed.get<std::string>());
        if (!is_new) twice = *place;
      }
      return true;
    };
    const Json header = Json::parse(bytes.begin(), bytes.end(), watch, /*allow_exceptions=*/false);
    if (!header.is_object()) refuse("not a .safetensors file: the header is no JSON object");
    if (twice) refuse("the header has the name ", *twice, " twice");
    return header;
  }

  [[nodiscard]] Json about_in(const Json& metadata) const {
    if (!metadata.is_object()) refuse("the header's __metadata__ is no JSON object");
    const auto found = metadata.find(about_key);
    if (found == metadata.end()) return Json::object();  // another program's file
    Json about = found->is_string() ? Json::parse(found->get_ref<const std::string&>(), nullptr,
                                                  /*allow_exceptions=*/false)
                                    : Json();
    if (!about.is_object())
      refuse("the text under ", about_key, " in __metadata__ is no JSON object");
    return about;
  }

  [[nodiscard]] StoredTensor tensor_in(const std::string& name, const Json& entry) const {
    if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") ||
        !entry.at("dtype").is_string() || !entry.contains("shape") ||
        !entry.contains("data_offsets"))
      refuse("tensor ", name, ": expected dtype, shape and data_offsets");
    StoredTensor tensor{.name = name,
                        .dtype = entry.at("dtype").get<std::string>(),
                        .shape = {},
                        .begin = 0,
                        .end = 0};
    const std::vector<std::uint64_t> shape = counts_in(name, "shape", entry.at("shape"));
    const std::vector<std::uint64_t> offsets =
        counts_in(name, "data_offsets", entry.at("data_offsets"));
    if (offsets.size() != 2)
      refuse("tensor ", name, ": expected two data_offsets, got ", offsets.size());
    tensor.begin = offsets[0];
    tensor.end = offsets[1];
    tensor.shape.assign(shape.begin(), shape.end());
    check_size(tensor, shape);
    return tensor;
  }

  [[nodiscard]] std::vector<std::uint64_t> counts_in(const std::string& name, const char* what,
                                                     const Json& list) const {
    std::vector<std::uint64_t> counts;
    const auto is_count = [](const Json& value) {
      return value.is_number_unsigned() &&
             value.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max();
    };
    if (!list.is_array() || !std::all_of(list.begin(), list.end(), is_count))
      refuse("tensor ", name, ": ", what, " is no list of numbers from 0 to 2^63-1");
    for (const Json& value : list) counts.push_back(value.get<std::uint64_t>());
    return counts;
  }

  void check_size(const StoredTensor& tensor, const std::vector<std::uint64_t>& shape) const {
    std::uint64_t bytes = safetensors_element_bytes(tensor.dtype);
    if (bytes == 0) refuse("tensor ", tensor.name, ": unknown dtype ", tensor.dtype);
    bool too_large = false;
    for (const std::uint64_t side : shape) too_large |= __builtin_mul_overflow(bytes, side, &bytes);
    if (too_large || tensor.begin > tensor.end || tensor.end - tensor.begin != bytes)
      refuse("tensor ", tensor.name, ": shape and dtype need ",
             too_large ? "more than 2^64" : std::to_string(bytes), " bytes, data_offsets are ",
             tensor.begin, " and ", tensor.end);
  }

  /// Every byte of the data belongs to exactly one tensor: no gap, no overlap, nothing missing.
  void check_places(StoredFile& stored) const {
    std::sort(stored.tensors.begin(), stored.tensors.end(),
              [](const StoredTensor& a, const StoredTensor& b) {
                return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
              });
    std::uint64_t end = 0;
    for (const StoredTensor& tensor : stored.tensors) {
      if (tensor.begin != end)
        refuse("tensor ", tensor.name, ": begins at byte ", tensor.begin,
               " of the data, the one before ends at ", end);
      end = tensor.end;
    }
    if (end > stored.data.size())
      refuse("cut short: expected ", end, " bytes of data, got ", stored.data.size());
    if (end < stored.data.size())
      refuse(stored.data.size() - end, " bytes after the last tensor belong to none");
  }

  ByteSpan file_;
  const fs::path& path_;
  std::uint64_t header_end_ = 0;
};

}  // namespace

std::uint64_t safetensors_element_bytes(const std::string& dtype) {
  for (const Dtype& known : all_dtypes)
    if (known.name == dtype) return known.bytes;
  return 0;
}

Bytes safetensors_header(const std::vector<StoredTensor>& tensors, const Json& about) {
  std::string header;
  std::set<std::string> names{metadata_key};
  try {
    // Ordered as the data is, for those who read it with the eye.
    nlohmann::ordered_json json{{metadata_key, {{about_key, about.dump()}}}};
    for (const StoredTensor& tensor : tensors) {
      if (!names.insert(tensor.name).second)
        throw Error(Exit::bug, text("two tensors of one file are called ", tensor.name));
      json[tensor.name] = {{"dtype", tensor.dtype},
                           {"shape", tensor.shape},
                           {"data_offsets", {tensor.begin, tensor.end}}};
    }
    header = json.dump();
  } catch (const Json::exception& error) {
    throw Error(Exit::file, text("a tensor's name or what is said about the file cannot be "
                                 "written as JSON: ",
                                 error.what()));
  }
  header.resize((header.size() + 7) / 8 * 8, ' ');  // so that the data begins on a multiple of 8

  const std::uint64_t length = header.size();
  Bytes bytes(length_bytes + header.size());
  std::memcpy(bytes.data(), &length, length_bytes);
  std::memcpy(bytes.data() + length_bytes, header.data(), header.size());
  return bytes;
}

StoredFile parse_safetensors(ByteSpan file, const fs::path& path) {
  return Parser(file, path).parse();
}

}  // namespace ip2p
