// manifest_file.cpp - a strict reader: nothing of a bundle is believed before its manifest is.
#include "manifest_file.h"

#include "ip2p/base/json_text.h"

namespace ip2p {
namespace {

constexpr std::uint64_t manifest_limit_bytes = std::uint64_t{16} << 20;

bool is_sha256(const std::string& hash) {
  return hash.size() == 64 && hash.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

ManifestFile read_manifest_file(const fs::path& path) {
  const Bytes bytes = as_model_error([&] { return read_file(path, manifest_limit_bytes); });
  try {
    return {.json = parse_json<Json>({reinterpret_cast<const char*>(bytes.data()), bytes.size()}),
            .sha256 = sha256_of(bytes)};
  } catch (const std::exception& error) {
    throw Error(Exit::model,
                text(path, " is not valid JSON (", error.what(), "); export the bundle again"));
  }
}

void check_format(const JsonFields& fields, const fs::path& path, std::int64_t format,
                  const std::string& family) {
  const auto found = fields.get<std::int64_t>("format", "a whole number");
  if (found != format)
    throw Error(Exit::model, text(path, ": bundle format ", found, ", this ip2p reads format ",
                                  format, "; export the bundle again or use another ip2p"));
  const std::string expected = "\"" + family + "\"";
  const auto name = fields.get<std::string>("family", expected.c_str());
  if (name != family) fields.fail("family", expected, name);
}

BundleFile read_file_entry(const JsonFields& fields, const fs::path& folder, BundleKind kind) {
  fields.only({"path", "bytes", "sha256"});
  const auto name = fields.get<std::string>("path", "a file name");
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    fields.fail("path", "the name of a file in the bundle's folder", name);
  BundleFile file{.path = folder / name,
                  .bytes = static_cast<std::uint64_t>(fields.integer("bytes", 1, INT64_MAX)),
                  .sha256 = fields.get<std::string>("sha256", "64 hexadecimal digits"),
                  .kind = kind};
  if (!is_sha256(file.sha256)) fields.fail("sha256", "64 hexadecimal digits", file.sha256);
  return file;
}

TokenizerSpec read_tokenizer(const JsonFields& fields, std::int64_t vocabulary) {
  return {.length = fields.integer("length", 3, 4096),
          .start = fields.integer("start", 0, vocabulary - 1),
          .end = fields.integer("end", 0, vocabulary - 1),
          .pad = fields.integer("pad", 0, vocabulary - 1),
          .front_end = choice<FrontEnd>(fields, "front_end", front_end_names)};
}

std::map<std::string, std::string> read_notes(const JsonFields& fields) {
  std::map<std::string, std::string> notes;
  for (const auto& [key, value] : fields.json().items())
    notes[key] = value.is_string() ? value.get<std::string>() : value.dump();
  return notes;
}

}  // namespace ip2p
