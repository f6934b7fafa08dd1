// case_verdict.cpp - the references one by one, the best of them kept.
#include "ip2p/regress/case_verdict.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "ip2p/base/error.h"
#include "ip2p/edit/record.h"
#include "ip2p/image/read.h"
#include "ip2p/image/record.h"

namespace ip2p {
namespace {

/// Black and white, as far as JPEG keeps it so: of colours, or of what shows through, nobody could
/// say which is the part. Error{file}.
Image read_mask(const Region& region) {
  Image mask = read_image(region.mask);
  constexpr int most_apart = 16;  // levels of 255, between the channels of a pixel
  for (std::size_t i = 0; i < mask.rgb.size(); i += 3) {
    const auto [least, most] = std::minmax({mask.rgb[i], mask.rgb[i + 1], mask.rgb[i + 2]});
    if (most - least > most_apart)
      throw Error(Exit::file, text(region.name, ": its mask ", region.mask,
                                   " is in colour; make it black, and white where the region is"));
  }
  if (std::ranges::any_of(mask.alpha, [](std::uint8_t alpha) { return alpha < 255; }))
    throw Error(Exit::file,
                text(region.name, ": its mask ", region.mask,
                     " is transparent in places; make it black, and white where the region is"));
  return mask;
}

/// Pixels of a region, a byte each. Error{file} for a mask that cannot be used, Error{usage} for a
/// rectangle that leaves the picture.
Counted pixels_of(const Region& region, int width, int height) {
  Counted pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  if (region.rectangle) {
    const auto [x, y, wide, high] = *region.rectangle;
    if (wide > width - x || high > height - y)
      throw Error(Exit::usage, text(region.name, ": its rectangle [", x, ", ", y, ", ", wide, ", ",
                                    high, "] leaves the picture of ", width, "x", height));
    for (int row = y; row < y + high; ++row)
      std::fill_n(pixels.begin() + std::ptrdiff_t{row} * width + x, wide, 1);
    return pixels;
  }
  const Image mask = read_mask(region);
  if (mask.width != width || mask.height != height)
    throw Error(Exit::file, text(region.name, ": its mask ", region.mask, " is ", mask.width, "x",
                                 mask.height, ", the picture ", width, "x", height));
  constexpr int middle = 128;
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = mask.rgb[3 * i] >= middle ? 1 : 0;
  return pixels;
}

/// A part of the picture, the pixels that count in it, and its limits.
struct Part {
  std::string region;
  Counted counted;
  Limits limits;
};

void take_away(Counted& from, const Counted& what) {
  for (std::size_t i = 0; i < from.size(); ++i)
    if (what[i] != 0) from[i] = 0;
}

/// The rest first, then the regions with limits. Error{usage} for one of those that is nowhere.
std::vector<Part> parts_of(const Case& judged, int width, int height, bool is_cross) {
  Counted rest;
  if (!judged.regions.empty())
    rest.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 1);
  Counted ignored(rest.size());
  std::vector<Part> parts;
  for (const Region& region : judged.regions) {
    Counted pixels = pixels_of(region, width, height);
    take_away(rest, pixels);
    if (region.ignored)
      for (std::size_t i = 0; i < ignored.size(); ++i) ignored[i] |= pixels[i];
    else
      parts.push_back({.region = region.name,
                       .counted = std::move(pixels),
                       .limits = is_cross ? region.cross_backend : region.limits});
  }
  for (Part& part : parts) {
    take_away(part.counted, ignored);
    if (std::ranges::count(part.counted, 0) == std::ssize(part.counted))
      throw Error(Exit::usage, text(part.region,
                                    ": no pixel is in it: its mask is black, or ignored regions "
                                    "cover it"));
  }
  parts.insert(parts.begin(), {.region = "",
                               .counted = std::move(rest),
                               .limits = is_cross ? *judged.cross_backend : judged.limits});
  return parts;
}

/// A reference as it was approved.
struct Reference {
  fs::path path;
  Image picture;
  EditRecord record;
};

Reference read_reference(const fs::path& path) {
  const Bytes bytes = read_file(path);
  const std::string name = text(path);
  return {.path = path,
          .picture = decode_image(bytes, name),
          .record = EditRecord::from_json(read_record(bytes, name), name)};
}

/// Which limits for references of another back end are not there; empty when all are.
std::string missing_cross_limits(const Case& judged) {
  if (!judged.cross_backend) return "neither the case nor the suite has cross_backend limits";
  for (const Region& region : judged.regions)
    if (!region.ignored && !region.cross_backend.any())
      return text("the region ", region.name, " has no cross_backend limits");
  return "";
}

/// The CLIP metrics are of whole pictures: of the rest, with the reference's pixels elsewhere.
MetricChoice choice_of(const Part& part, const ClipSubject& clip) {
  MetricChoice choice = needed(part.limits);
  if (!part.region.empty() || clip.features == nullptr) return choice;
  choice.clip_image = true;
  choice.clip_direction = clip.captions != nullptr;
  return choice;
}

CaseVerdict against(const Case& judged, const MadePicture& made, const Reference& reference,
                    const ClipSubject& clip) {
  CaseVerdict verdict;
  verdict.verdict = Verdict::fails;
  verdict.reference = reference.path;
  const EditRecord& record = reference.record;
  if (record.bundle_hash != made.bundle_hash) {
    verdict.reason =
        text("the reference was made by another bundle (", record.bundle, ", ",
             short_hash(record.bundle_hash), "), this run's is ", short_hash(made.bundle_hash));
    return verdict;
  }
  const BackEnd back_end{.device = device_kind(record.device), .dtype = record.dtype};
  verdict.is_cross = back_end != made.back_end;
  const std::string missing = verdict.is_cross ? missing_cross_limits(judged) : "";
  if (!missing.empty()) {
    verdict.reason = text("the reference was made on ", back_end.words(), ", this run is on ",
                          made.back_end.words(), ", and ", missing);
    return verdict;
  }
  const std::string differs = mismatch(reference.picture, made.picture);
  if (!differs.empty()) {
    verdict.reason = "the picture " + differs;
    return verdict;
  }
  if (!verdict.is_cross && !judged.limits.any()) {
    verdict.reason = "neither the case nor the suite has limits, so nothing can pass";
    return verdict;
  }
  for (const Part& part :
       parts_of(judged, made.picture.width, made.picture.height, verdict.is_cross)) {
    const Metrics metrics =
        measure(reference.picture, made.picture, choice_of(part, clip), part.counted, clip);
    std::vector<Judged> found = judge(metrics, part.limits);
    verdict.parts.push_back(
        {.region = part.region, .metrics = metrics, .judged = std::move(found)});
  }
  const auto counts = [](const MeasuredPart& part) { return part.metrics.pixels.pixels > 0; };
  if (std::ranges::none_of(verdict.parts, counts))
    verdict.reason = "its regions leave nothing of the picture, so nothing can pass";
  else if (std::ranges::all_of(verdict.parts, &MeasuredPart::holds))
    verdict.verdict = Verdict::passes;
  return verdict;
}

/// Smaller is nearer: what was measured before what was not, then by limits that do not hold, then
/// by the mean difference.
std::tuple<bool, std::ptrdiff_t, double> farness(const CaseVerdict& verdict) {
  std::ptrdiff_t broken = 0;
  double mean_abs = 0;
  for (const MeasuredPart& part : verdict.parts) {
    broken += std::ranges::count(part.judged, false, &Judged::holds);
    mean_abs += part.metrics.pixels.mean_abs;
  }
  return {verdict.parts.empty(), broken, mean_abs};
}

}  // namespace

CaseVerdict error_verdict(Exit trouble, std::string reason) {
  CaseVerdict verdict;
  verdict.trouble = trouble;
  verdict.reason = std::move(reason);
  return verdict;
}

std::string device_kind(const std::string& device) {
  return device.substr(0, device.find(':'));
}

bool MeasuredPart::holds() const {
  return std::ranges::all_of(judged, &Judged::holds);
}

CaseVerdict judge_case(const Case& judged, const MadePicture& made,
                       const ImageTextFeatures* features) {
  if (judged.references.empty()) {
    CaseVerdict verdict;
    verdict.verdict = Verdict::added;
    verdict.reason = "nothing is approved yet";
    return verdict;
  }
  std::optional<CaseVerdict> nearest;
  try {
    ClipSubject clip{.features = features};
    Image input;
    if (features != nullptr && judged.captions) {
      input = read_image(judged.input);
      clip.input = &input;
      clip.captions = &*judged.captions;
    }
    // All of them first: whether one is damaged must not depend on which matches.
    std::vector<Reference> references;
    for (const fs::path& path : judged.references) references.push_back(read_reference(path));
    for (const Reference& reference : references) {
      CaseVerdict verdict = against(judged, made, reference, clip);
      if (verdict.verdict == Verdict::passes) return verdict;
      if (!nearest || farness(verdict) < farness(*nearest)) nearest = std::move(verdict);
    }
  } catch (const Error& error) {
    return error_verdict(error.exit(), error.what());
  }
  return *nearest;
}

}  // namespace ip2p
