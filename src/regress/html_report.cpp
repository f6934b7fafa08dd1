// html_report.cpp - of each case its pictures and what the page says of them.
#include "ip2p/regress/html_report.h"

#include <algorithm>
#include <deque>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "ip2p/base/error.h"
#include "ip2p/base/shell_words.h"
#include "ip2p/compare/difference_picture.h"
#include "ip2p/image/content.h"
#include "ip2p/image/folder_walk.h"
#include "ip2p/image/read.h"
#include "ip2p/image/write.h"
#include "ip2p/regress/report_page.h"

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;

/// A picture in the report as it is built up: the file's bytes, and what the page knows of it.
struct Picture {
  fs::path path;
  Bytes bytes;
  Json json;  ///< "path"; "file" below the report's folder; "trouble", a sentence
};

/// Calls `read`; an Error in it is the picture's trouble and not the report's.
template <class Read>
bool without_trouble(Picture& picture, Read read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    picture.json["trouble"] = error.what();
    return false;
  }
}

/// By which extension browsers know the format; empty for one that they do not show.
std::string_view browser_extension(PictureFormat format) {
  switch (format) {
    case PictureFormat::png:
      return "png";
    case PictureFormat::jpeg:
      return "jpg";
    case PictureFormat::webp:
      return "webp";
    case PictureFormat::bmp:
      return "bmp";
    case PictureFormat::tiff:
      return "";
  }
  throw Error(Exit::bug, "a picture format without an extension");
}

/// Puts a picture's file in the report: as it is, or as PNG where browsers do not show its format.
Picture shown(ReportFolder& report, const fs::path& path) {
  Picture picture{.path = path, .bytes = {}, .json = {{"path", path.string()}}};
  Bytes converted;
  std::string_view extension;
  const bool is_shown = without_trouble(picture, [&] {
    const std::string name = text(path);
    picture.bytes = read_file(path, max_file_bytes({}));
    extension =
        browser_extension(picture_format({.bytes = picture.bytes, .name = name, .limits = {}}));
    if (!extension.empty()) return;
    extension = "png";
    converted = encode_image(decode_image(picture.bytes, name), {});
  });
  if (is_shown)
    picture.json["file"] = report.add(converted.empty() ? picture.bytes : converted, extension);
  return picture;
}

/// nullopt, and a sentence about the picture, when it is damaged.
std::optional<Image> pixels_of(Picture& picture) {
  std::optional<Image> pixels;
  without_trouble(picture, [&] { pixels = decode_image(picture.bytes, text(picture.path)); });
  return pixels;
}

/// The output beside its reference: where they differ, or that they do not.
void add_differences(ReportFolder& report, Picture& reference, Picture& output, Json& json) {
  // Most cases of a suite pass with the very file that was approved.
  bool is_equal = reference.bytes == output.bytes;
  if (!is_equal) {
    const std::optional<Image> one = pixels_of(reference);
    const std::optional<Image> other = pixels_of(output);
    if (!one || !other || !mismatch(*one, *other).empty()) return;
    is_equal = one->rgb == other->rgb && one->alpha == other->alpha;
    if (!is_equal)
      json["pictures"]["differences"]["file"] =
          report.add(encode_image(difference_picture(*one, *other), {}), "png");
  }
  json["equal"] = is_equal;
}

fs::path first_picture_in(const fs::path& folder) {
  std::error_code none;
  if (!fs::is_directory(folder, none)) return {};
  const auto found = FolderWalk(folder, {}, {}).next();
  return found ? found->path : fs::path();
}

/// What a result was compared with; where nothing was compared, what is approved.
fs::path reference_of(const Suite& suite, const Case* found, const CaseResult& result) {
  if (!result.verdict.reference.empty()) return result.verdict.reference;
  if (found == nullptr) return first_picture_in(suite.folder / "cases" / result.name / "ref");
  return found->references.empty() ? fs::path() : found->references.front();
}

Json region_json(const Region& region) {
  Json json{{"name", region.name}, {"ignored", region.ignored}};
  if (const auto& at = region.rectangle)
    json["rectangle"] = {at->x, at->y, at->width, at->height};
  else
    json["mask"] = region.mask.string();
  json["limits"] = limits_to_json(region.limits);
  return json;
}

/// What the page says of a case: what run.json does, and its pictures.
Json case_json(ReportFolder& report, const Suite& suite, const CaseResult& result, Json json) {
  const auto named = std::ranges::find(suite.cases, result.name, &Case::name);
  const Case* const found = named == suite.cases.end() ? nullptr : &*named;
  json["pictures"] = Json::object();
  if (found != nullptr) {
    json["pictures"]["input"] = shown(report, found->input).json;
    const bool is_cross = result.verdict.is_cross && found->cross_backend;
    json["limits"] = limits_to_json(is_cross ? *found->cross_backend : found->limits);
    for (const Region& region : found->regions) json["regions"].push_back(region_json(region));
  }
  std::optional<Picture> reference;
  std::optional<Picture> output;
  if (const fs::path path = reference_of(suite, found, result); !path.empty())
    reference = shown(report, path);
  if (!result.picture.empty()) output = shown(report, result.picture);
  if (reference && output && reference->json.contains("file") && output->json.contains("file"))
    add_differences(report, *reference, *output, json);
  if (reference) json["pictures"]["reference"] = std::move(reference->json);
  if (output) {
    json["pictures"]["output"] = std::move(output->json);
    json["word"] = shell_words({result.name});
  }
  return json;
}

/// The command that approves, up to the cases' names.
std::string approve_command(const Suite& suite, const fs::path& run_folder) {
  std::vector<std::string> words{"ip2p", "regress", "approve", suite.folder.string()};
  const fs::path usual = suite.folder / "runs" / "last";
  if (run_folder.lexically_normal() != usual.lexically_normal())
    words.insert(words.end(), {"--from", run_folder.string()});
  return shell_words(words);
}

}  // namespace

void write_html_report(ReportFolder& report, const Suite& suite, const fs::path& run_folder,
                       const std::vector<CaseResult>& results, Json run) {
  Json cases = Json::array();
  const std::size_t together = std::max(1U, std::thread::hardware_concurrency());
  std::deque<std::future<Json>> running;
  const auto finish_first = [&] {
    cases.push_back(running.front().get());
    running.pop_front();
  };
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (running.size() == together) finish_first();
    running.push_back(std::async(std::launch::async, case_json, std::ref(report), std::cref(suite),
                                 std::cref(results[i]), std::move(run["results"].at(i))));
  }
  while (!running.empty()) finish_first();
  run["results"] = std::move(cases);
  run["suite"] = suite.folder.lexically_normal().string();
  run["approve"] = approve_command(suite, run_folder);
  report.finish(report_page(run));
}

}  // namespace ip2p
